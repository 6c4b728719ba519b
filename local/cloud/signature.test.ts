import { isSignedWith, isTimely, readSignature } from "./signature";

/** Examples with their results, as AWS publishes them for S3 (bucket and keys) and for Signature Version 4. */
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

const presigned = {
  ...{ method: "GET", service: "s3", body: Buffer.alloc(0), headers: { host: "examplebucket.s3.amazonaws.com" } },
  path:
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
};

const listed = {
  ...{ method: "GET", service: "s3", body: Buffer.alloc(0), path: "/?max-keys=2&prefix=J" },
  headers: {
    host: "examplebucket.s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," +
      "SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
};

test.each([
  ["a presigned address", presigned],
  ["a request's header", listed],
])("%s is taken with the key that signed it, and with no change of what was signed", (_name, request) => {
  const signature = readSignature(request)!;
  expect(signature.accessKeyId).toBe("AKIAIOSFODNN7EXAMPLE");
  expect(isSignedWith(secret, signature, request)).toBe(true);
  expect(isSignedWith("another", signature, request)).toBe(false);
  expect(isSignedWith(secret, signature, { ...request, method: "DELETE" })).toBe(false);
  expect(isSignedWith(secret, signature, { ...request, path: request.path.replace("/", "/a") })).toBe(false);
  const added = { ...request.headers, "x-amz-copy-source": "/other/key" };
  expect(isSignedWith(secret, signature, { ...request, headers: added })).toBe(false);
});

test("a signature is good for a quarter of an hour, a presigned address for as long as it says", () => {
  const at = (time: string) => new Date(`2013-05-${time}Z`);
  expect(isTimely(readSignature(listed)!, at("24T00:14:00"))).toBe(true);
  expect(isTimely(readSignature(listed)!, at("24T00:16:00"))).toBe(false);
  expect(isTimely(readSignature(listed)!, at("23T23:44:00"))).toBe(false);
  expect(isTimely(readSignature(presigned)!, at("24T23:59:00"))).toBe(true);
  expect(isTimely(readSignature(presigned)!, at("25T00:01:00"))).toBe(false);
});

test("what carries no signature of version 4 has none", () => {
  expect(readSignature({ path: "/", headers: {} })).toBeUndefined();
  expect(readSignature({ path: "/a?AWSAccessKeyId=AKIA&Signature=x&Expires=1", headers: {} })).toBeUndefined();
  expect(readSignature({ path: "/", headers: { authorization: "AWS AKIA:signature" } })).toBeUndefined();
});
