import type { Answers } from "./answers";
import { xmlResponse } from "./api-call";
import { parse, write, type Xml } from "./xml";

export const ec2Answers: Answers = {
  /** The host's console in place of moto's sample; EC2 keeps the last 64 KiB. */
  "ec2:GetConsoleOutput": {
    async after(call, response, { hypervisor }) {
      if (response.status !== 200) return response;
      const document = parse(response.body.toString("utf8"));
      const result = document.GetConsoleOutputResponse as { [name: string]: Xml };
      const output = Buffer.from(await hypervisor.consoleOutput(call.query.get("InstanceId") ?? ""));
      result.output = output.subarray(-65536).toString("base64");
      return xmlResponse(200, write(document));
    },
  },
};
