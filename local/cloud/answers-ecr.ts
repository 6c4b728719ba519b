import * as fs from "node:fs/promises";
import type { Answer, Answers } from "./answers";
import { repositoryFolder } from "./registry";

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
    "ecr:CreateRepository": withoutImages(storage),
    "ecr:DeleteRepository": withoutImages(storage),
  };
}
