import type { Answers } from "./answers";
import { parse, type Xml } from "./xml";
import type { Sessions } from "./sessions";

/** Makes the credentials that AssumeRole hands out known to the cloud. */
export const stsAnswers = (sessions: Sessions): Answers => ({
  "sts:AssumeRole": {
    async after(call, response) {
      if (response.status !== 200) return response;
      const document = parse(response.body.toString("utf8")) as Record<string, Record<string, Xml>>;
      const result = document.AssumeRoleResponse?.AssumeRoleResult as {
        Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string; Expiration: string };
        AssumedRoleUser: { AssumedRoleId: string; Arn: string };
      };
      const { Credentials, AssumedRoleUser } = result;
      const Expiration = new Date(Credentials.Expiration);
      sessions.record(call.query.get("RoleArn") ?? "", {
        Credentials: { ...Credentials, Expiration },
        AssumedRoleUser,
      });
      return response;
    },
  },
});
