import type { ResourceValidation, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { type Block, blocksOf, parseHcl } from "./hcl";
import { allOfType, madeFrom, ofType, type Report, violation } from "./rule";
import { DOCKER_IMAGE, NOMAD_JOB, REPOSITORY } from "./types";

interface JobInputs {
  jobspec?: string;
  json?: boolean;
}

/** A check of a job's text. A text that is not HCL is reported: what cannot be read is not let through. */
function ofJob(check: (job: Block, report: Report) => void): ResourceValidation {
  return ofType<JobInputs>(NOMAD_JOB, ({ jobspec, json }, report) => {
    const job = json === true ? "it is JSON" : parsed(jobspec ?? "");
    if (typeof job === "string")
      report(`jobspec: expected a job in HCL, got what cannot be read (${job}); write it in HCL`);
    else check(job, report);
  });
}

function parsed(text: string): Block | string {
  try {
    return parseHcl(text);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Every task, by the name that messages call it. */
function tasks(job: Block): { readonly name: string; readonly task: Block }[] {
  return blocksOf(job, "task", "sidecar_task").map((task) => ({ name: `task ${task.labels[0] ?? task.type}`, task }));
}

/** Tasks run in containers. */
export const dockerOnly: ResourceValidationPolicy = {
  name: "docker-only",
  description:
    "Tasks run in containers: exec and raw_exec would give them the worker's files, and raw_exec root. Nomad, Task drivers.",
  validateResource: ofJob((job, report) => {
    for (const { name, task } of tasks(job)) {
      const { driver } = task.attributes;
      if (driver === '"docker"' || (task.type === "sidecar_task" && driver === undefined)) continue;
      report(violation(`${name}: driver`, '"docker"', driver, "run it in a container"));
    }
  }),
};

/** What a container's `config` has to say, and what it must not. An expression that is not a literal does not count. */
const LOCKS: Readonly<Record<string, string>> = {
  readonly_rootfs: "true",
  cap_drop: '["all"]',
  security_opt: '["no-new-privileges"]',
};
const KEYS: readonly string[] = ["cap_add", "ipc_mode", "pid_mode", "userns_mode", "devices"];

/** A container is no way to its worker: CIS Docker Benchmark, section 5. */
export const lockedContainers: ResourceValidationPolicy = {
  name: "locked-containers",
  description:
    "Containers have a read-only root, no capabilities and no way to more of them, and share none of the worker's namespaces but the " +
    "network. CIS Docker Benchmark, section 5 (container runtime).",
  validateResource: ofJob((job, report) => {
    for (const { name, task } of tasks(job)) {
      for (const { attributes } of blocksOf(task, "config")) {
        for (const [key, wanted] of Object.entries(LOCKS)) {
          if (attributes[key]?.toLowerCase().replace(/\s/g, "") === wanted) continue;
          report(`${name}: config.${key}: expected ${wanted}, got ${attributes[key] ?? "nothing"}; set it so`);
        }
        for (const key of KEYS.filter((candidate) => candidate in attributes)) {
          report(`${name}: config.${key}: expected nothing, got ${attributes[key]}; remove it`);
        }
        const { privileged = "false" } = attributes;
        if (privileged !== "false") {
          report(`${name}: config.privileged: expected false, got ${privileged}; remove it`);
        }
      }
    }
  }),
};

const MOUNTS: readonly string[] = ["volumes", "mounts", "mount"];

/** Jobs see none of their worker's files. */
export const noHostPaths: ResourceValidationPolicy = {
  name: "no-host-paths",
  description:
    "Jobs see none of their worker's files: neither host volumes nor bind mounts (which Docker's volumes can be made to be), the Docker socket among them, by which a container " +
    "rules its host. Nomad, Docker driver, volumes and mount.",
  validateResource: ofJob((job, report) => {
    for (const { labels, attributes } of blocksOf(job, "volume")) {
      if (attributes.type === '"csi"') continue;
      const got = attributes.type ?? "nothing";
      report(`volume ${labels[0]}: type: expected "csi", got ${got}; keep data outside of the worker`);
    }
    for (const { name, task } of tasks(job)) {
      for (const config of blocksOf(task, "config")) {
        for (const key of MOUNTS.filter((candidate) => candidate in config.attributes)) {
          report(
            `${name}: config.${key}: expected nothing, got ${config.attributes[key]}; use a mount block of type "tmpfs"`,
          );
        }
        for (const { attributes } of blocksOf(config, "mount")) {
          if (attributes.type === '"tmpfs"') continue;
          const got = attributes.type ?? "nothing";
          report(`${name}: config.mount.type: expected "tmpfs", got ${got}; keep data outside of the worker`);
        }
      }
    }
  }),
};

/** What is built with the stack is run as it was built: by digest. An image that the configuration names is its own choice. */
export const imagesByDigest: StackValidationPolicy = {
  name: "images-by-digest",
  description:
    "A job runs an image of this stack by digest, so that what was tested is what runs, on every worker and after every restart. " +
    "A reference that the configuration gives may be a tag. Docker, Image digests.",
  validateStack: (args, report) => {
    for (const job of allOfType(args, NOMAD_JOB)) {
      const isBuilt = madeFrom(job, "hcl2").some(({ type }) => type === DOCKER_IMAGE || type === REPOSITORY);
      const image = isBuilt ? (job.props.hcl2?.vars?.image as string | undefined) : undefined;
      if (!isBuilt || /@sha256:\S+$/.test(image ?? "")) continue;
      const remedy = "pass the reference of AppImage, which has the digest";
      report(violation("hcl2.vars.image", "<repository>@sha256:<digest>", image, remedy), job.urn);
    }
  },
};
