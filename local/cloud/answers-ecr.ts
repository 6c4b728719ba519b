import * as fs from "node:fs/promises";
import type { Answers } from "./answers";

const TOKEN_HOURS = 12;

/** ECR's answers; `storage` is where the registry keeps its repositories. */
export function ecrAnswers(storage: string): Answers {
  return {
    /** moto's tokens ended in 2015: clients that keep one until it ends would ask for each image. */
    "ecr:GetAuthorizationToken": {
      async after(_call, response) {
        if (response.status !== 200) return response;
        const result = JSON.parse(response.body.toString("utf8")) as { authorizationData: { expiresAt: number }[] };
        for (const token of result.authorizationData) {
          token.expiresAt = Math.floor(Date.now() / 1000) + TOKEN_HOURS * 3600;
        }
        return { ...response, body: Buffer.from(JSON.stringify(result)) };
      },
    },
    /** A repository's images go with it, so that a later one of this name starts empty. */
    "ecr:DeleteRepository": {
      async after(call, response) {
        const { repositoryName } = call.json;
        if (response.status === 200 && typeof repositoryName === "string") {
          await fs.rm(`${storage}/docker/registry/v2/repositories/${repositoryName}`, { recursive: true, force: true });
        }
        return response;
      },
    },
  };
}
