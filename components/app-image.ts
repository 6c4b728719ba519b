import * as path from "node:path";
import * as aws from "@pulumi/aws";
import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { buildSecrets } from "./build-secrets";
import { contentHash } from "./content-hash";
import { recordedInputs } from "./recorded-inputs";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface AppImageArgs {
  readonly identity: ClusterIdentity;
  /** Folder under `apps/`, which is the Docker context. */
  readonly app: string;
  /** An image that somebody else has built and pushed, by digest or tag. Without it, the image is built here. */
  readonly reference?: string;
  /** Arguments of the Dockerfile. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Whether a repository that still holds images may be deleted. */
  readonly deleteImages: boolean;
  /** Encrypts the images instead of ECR's own key. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
}

const KEPT_IMAGES = 20;

/**
 * An app's image: built from its folder, pushed to a repository of its own and referred to by digest; or one given by
 * reference, for which nothing is created.
 */
export class AppImage extends pulumi.ComponentResource {
  /** What a job pulls: `<repository>@sha256:...`, or the given reference. */
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: AppImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:AppImage", name, recordedInputs(args), opts);
    this.reference = args.reference === undefined ? this.#build(name, args) : pulumi.output(args.reference);
    this.registerOutputs({ reference: this.reference });
  }

  #build(name: string, args: AppImageArgs): pulumi.Output<string> {
    const repository = this.#createRepository(name, args);
    const login = aws.ecr.getAuthorizationTokenOutput({ registryId: repository.registryId }, { parent: this });
    const context = path.resolve("apps", args.app);
    const secrets = buildSecrets();
    const image = new dockerBuild.Image(
      name,
      {
        context: { location: context },
        buildArgs: args.buildArgs,
        // Tags are immutable: other contents need another tag.
        tags: [pulumi.interpolate`${repository.repositoryUrl}:${contentHash(context, args.buildArgs)}`],
        platforms: ["linux/amd64"],
        push: true,
        // A preview needs neither a Docker engine nor the repository.
        buildOnPreview: false,
        registries: [
          { address: repository.repositoryUrl, username: login.userName, password: pulumi.secret(login.password) },
        ],
        ...(secrets === undefined ? {} : { secrets, ignoreSecretsInDiffCalculation: ["ca"] }),
      },
      { parent: this },
    );
    return pulumi.interpolate`${repository.repositoryUrl}@${image.digest}`;
  }

  #createRepository(name: string, args: AppImageArgs): aws.ecr.Repository {
    const repository = new aws.ecr.Repository(
      name,
      {
        name: `${args.identity.cluster}/${args.app}`,
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: args.encryptionKeyArn && [{ encryptionType: "KMS", kmsKey: args.encryptionKeyArn }],
        forceDelete: args.deleteImages,
        tags: resourceTags(args.identity, "service", args.app),
      },
      // Another key means another repository, an empty one: a repository stays with the key that it was made with.
      { parent: this, ignoreChanges: ["encryptionConfigurations"] },
    );
    new aws.ecr.LifecyclePolicy(
      name,
      {
        repository: repository.name,
        policy: JSON.stringify({
          rules: [
            {
              rulePriority: 1,
              description: `Keep the ${KEPT_IMAGES} newest images`,
              selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: KEPT_IMAGES },
              action: { type: "expire" },
            },
          ],
        }),
      },
      { parent: this },
    );
    return repository;
  }
}

/** Repositories that workers have to pull from: the stack's own, and those of images that were given. */
export function pullableRepositories(args: {
  readonly cluster: string;
  readonly region: string;
  readonly references: readonly (string | undefined)[];
}): pulumi.Output<string>[] {
  const account = aws.getCallerIdentityOutput().accountId;
  const own = pulumi.interpolate`arn:aws:ecr:${args.region}:${account}:repository/${args.cluster}/*`;
  const given = args.references.flatMap((reference) => {
    const match = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)/.exec(reference ?? "");
    return match === null ? [] : [pulumi.output(`arn:aws:ecr:${match[2]}:${match[1]}:repository/${match[3]}`)];
  });
  return [own, ...given];
}
