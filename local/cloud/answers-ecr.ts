import * as fs from "node:fs/promises";
import type { Answer, Answers } from "./answers";
import { repositoryFolder } from "./registry";
import type { RegistryTokens } from "./registry-tokens";
import { operator, type Sessions } from "./sessions";
import { readSignature } from "./signature";

/** A repository begins empty and takes its images with it, though the layers stay for the next one that has them. */
const withoutImages = (storage: string): Answer => ({
  async after(call, response) {
    const { repositoryName } = call.json;
    if (response.status === 200 && typeof repositoryName === "string") {
      await fs.rm(repositoryFolder(storage, repositoryName), { recursive: true, force: true });
    }
    return response;
  },
});

interface EcrParts {
  /** Where the registry keeps its repositories. */
  readonly storage: string;
  readonly sessions: Sessions;
  readonly tokens: RegistryTokens;
}

export function ecrAnswers({ storage, sessions, tokens }: EcrParts): Answers {
  return {
    /** moto's token is one for all, and ended in 2015: clients that keep one until it ends would ask for each image. */
    "ecr:GetAuthorizationToken": {
      async after(call, response) {
        if (response.status !== 200) return response;
        const result = JSON.parse(response.body.toString("utf8")) as {
          authorizationData: { authorizationToken: string; expiresAt: number }[];
        };
        const sender = sessions.find(readSignature(call)?.accessKeyId ?? "") ?? operator;
        for (const data of result.authorizationData) {
          const { password, expiresAt } = tokens.issue(sender);
          data.authorizationToken = Buffer.from(`AWS:${password}`).toString("base64");
          data.expiresAt = expiresAt;
        }
        return { ...response, body: Buffer.from(JSON.stringify(result)) };
      },
    },
    "ecr:CreateRepository": withoutImages(storage),
    "ecr:DeleteRepository": withoutImages(storage),
  };
}
