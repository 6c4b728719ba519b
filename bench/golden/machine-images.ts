import path from "node:path";
import { buildImage, engine } from "../../local/images/docker";
import { amiImage } from "../../local/images/host-images";
import { cloud } from "../../tests/e2e/clients";
import { eventually } from "../../tests/e2e/support";
import { appFolder } from "../stack";

/** What bench/golden/Dockerfile takes the app from. */
const APP_IMAGE = "cluster-local/bench-backend";
const GOLDEN_IMAGE = "cluster-local/bench-golden";

/** A machine image as it was built: Docker's sizes, in bytes, not compressed. */
export interface BuiltImage {
  /** Of the Docker image, and of the machine image once it is registered. */
  readonly name: string;
  readonly bytes: number;
  /** What is not in the stock image that it is made from. */
  readonly addedBytes: number;
}

/** Machine images with the backend of the stack's project in them, on this machine and in the local cloud. */
export class MachineImages {
  #built = 0;
  readonly #registered: string[] = [];

  /** Builds the app as its own Dockerfile says, and a machine image with it. */
  async build(): Promise<BuiltImage> {
    const name = `${GOLDEN_IMAGE}-${++this.#built}`;
    const build = (tag: string, folder: string) => buildImage({ tag, folder, labels: {}, args: {} }, () => undefined);
    await build(APP_IMAGE, appFolder("backend"));
    await build(name, path.resolve("bench/golden"));
    await engine.getImage(APP_IMAGE).remove();
    const [bytes, stock] = await Promise.all([name, amiImage].map(sizeOf));
    return { name, bytes: bytes!, addedBytes: bytes! - stock! };
  }

  /** Gives the machine image's id. */
  async register({ name }: BuiltImage): Promise<string> {
    const { ec2 } = await cloud();
    const { ImageId } = await ec2.registerImage({ Name: name });
    this.#registered.push(ImageId!);
    return ImageId!;
  }

  /** Removes all of them, once no host runs from them any more; and what a run that was interrupted has left on this machine. */
  async remove(): Promise<void> {
    const { ec2 } = await cloud();
    for (const ImageId of this.#registered.splice(0)) await ec2.deregisterImage({ ImageId });
    const filters = { reference: [APP_IMAGE, `${GOLDEN_IMAGE}-*`] };
    for (const { RepoTags } of await engine.listImages({ filters })) {
      for (const tag of RepoTags ?? []) await eventually(`${tag} removed`, 120, () => engine.getImage(tag).remove());
    }
  }
}

const sizeOf = async (name: string): Promise<number> => (await engine.getImage(name).inspect()).Size;
