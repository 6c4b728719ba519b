import type { ApiCall } from "./api-call";
import type { Demand } from "./access-demands";

/** Actions on a bucket by its subresource in the address, where the name does not follow from it. */
const listings: Readonly<Record<string, string>> = {
  uploads: "ListBucketMultipartUploads",
  versions: "ListBucketVersions",
  location: "GetBucketLocation",
};

/** Subresources in the words of policies. */
const names: Readonly<Record<string, string>> = {
  ...{ policy: "Policy", acl: "Acl", tagging: "Tagging", versioning: "Versioning", website: "Website", cors: "CORS" },
  ...{ logging: "Logging", notification: "Notification", encryption: "Encryption", lifecycle: "Lifecycle" },
  ...{ publicAccessBlock: "PublicAccessBlock", ownershipControls: "OwnershipControls", retention: "Retention" },
};

const verbs: Readonly<Record<string, string>> = { GET: "Get", HEAD: "Get", PUT: "Put", POST: "Put", DELETE: "Delete" };

/** What a request to S3 demands: its method, path and subresource say so. */
export function s3Demands({ method, path, headers }: ApiCall): Demand[] {
  const [pathname = "/", search = ""] = path.split("?");
  const query = new URLSearchParams(search);
  const [, ownHost] = /^(.+)\.s3[.-][a-z0-9.-]*amazonaws\.com(:\d+)?$/.exec(headers.host ?? "") ?? [];
  const [first = "", ...rest] = pathname.slice(1).split("/");
  const bucket = ownHost ?? first;
  const key = decodeURIComponent((ownHost === undefined ? rest : [first, ...rest]).join("/"));
  const demand = (action: string, resource: string): Demand => ({ action: `s3:${action}`, resource });
  if (bucket === "") return [demand("ListAllMyBuckets", "*")];
  const verb = verbs[method] ?? method;
  const named = Object.keys(names).find((name) => query.has(name));
  const bucketArn = `arn:aws:s3:::${bucket}`;

  if (key === "") {
    const listing = Object.keys(listings).find((name) => query.has(name));
    if (listing !== undefined) return [demand(listings[listing]!, bucketArn)];
    if (named !== undefined) return [demand(`${verb}Bucket${names[named]}`, bucketArn)];
    // A list of keys in the body: only who may delete all of the bucket's objects gets through.
    if (query.has("delete")) return [demand("DeleteObject", `${bucketArn}/*`)];
    if (verb === "Get") {
      const given = ["prefix", "delimiter"].filter((name) => query.has(name));
      const context = Object.fromEntries(given.map((name) => [`s3:${name}`, query.get(name)!]));
      return [{ ...demand("ListBucket", bucketArn), context }];
    }
    return [demand(verb === "Delete" ? "DeleteBucket" : "CreateBucket", bucketArn)];
  }

  const objectArn = `${bucketArn}/${key}`;
  if (named !== undefined) return [demand(`${verb}Object${names[named]}`, objectArn)];
  if (query.has("uploadId") && verb === "Get") return [demand("ListMultipartUploadParts", objectArn)];
  if (query.has("uploadId") && verb === "Delete") return [demand("AbortMultipartUpload", objectArn)];
  const source = headers["x-amz-copy-source"]?.toString();
  const copied = source === undefined ? [] : [decodeURIComponent(source).replace(/^\//, "").replace(/\?.*$/, "")];
  const version = query.has("versionId") && verb !== "Put" ? "Version" : "";
  return [
    ...copied.map((each) => demand("GetObject", `arn:aws:s3:::${each}`)),
    demand(`${verb}Object${version}`, objectArn),
  ];
}
