import type { ResourceModel } from "../model";
import { retryWhile, waitFor } from "../wait";
import type { Props } from "../wire";
import { untilInstance } from "./compute";
import { hashedId, isGone, pascal, tagged, taggers, unlessGone, waiting, withTags, type Aws } from "./context";

const volume: ResourceModel<Aws> = {
  args: "availabilityZone! encrypted! kmsKeyId! snapshotId! multiAttachEnabled! outpostArn! size type iops throughput finalSnapshot",
  async create({ ec2 }, args, operation) {
    const { type, finalSnapshot: _final, tags: _tags, tagsAll: _tagsAll, ...rest } = args;
    const request = { ...pascal(rest), VolumeType: type, TagSpecifications: tagged("volume", args) };
    const id = (await ec2.createVolume(request)).VolumeId!;
    operation.created(id);
    await waitFor(waiting(operation, `the volume ${id} to be available`, 300), async () => {
      const state = (await ec2.describeVolumes({ VolumeIds: [id] })).Volumes?.[0]?.State;
      return state === "available" || state === "in-use" ? { done: id } : { state: String(state) };
    });
    return id;
  },
  async read(aws, id) {
    const found = (await unlessGone(aws.ec2.describeVolumes({ VolumeIds: [id] })))?.Volumes?.[0];
    if (!found) return undefined;
    const arn = `arn:aws:ec2:${aws.region}:${await aws.account()}:volume/${id}`;
    return { arn, size: found.Size, createTime: found.CreateTime?.toISOString() };
  },
  async update({ ec2 }, { id, news, changed }) {
    if (!["size", "type", "iops", "throughput"].some((name) => changed.has(name))) return;
    await ec2.modifyVolume({
      VolumeId: id,
      Size: news.size,
      VolumeType: news.type,
      Iops: news.iops,
      Throughput: news.throughput,
    });
  },
  async delete({ ec2 }, id, state, operation) {
    if (state.finalSnapshot) await ec2.createSnapshot({ VolumeId: id, TagSpecifications: tagged("snapshot", state) });
    const busy = (error: Error) => error.name === "VolumeInUse";
    const wait = waiting(operation, `the volume ${id} to be free`, 300);
    await unlessGone(retryWhile(wait, busy, () => ec2.deleteVolume({ VolumeId: id })));
  },
};

const attachmentState = async ({ ec2 }: Aws, { volumeId, instanceId }: Props): Promise<string | undefined> => {
  const found = (await unlessGone(ec2.describeVolumes({ VolumeIds: [volumeId] })))?.Volumes?.[0];
  return found?.Attachments?.find(({ InstanceId }) => InstanceId === instanceId)?.State;
};

const volumeAttachment: ResourceModel<Aws> = {
  args: "deviceName! instanceId! volumeId! forceDetach skipDestroy stopInstanceBeforeDetaching",
  async create(aws, args, operation) {
    const { deviceName, instanceId, volumeId } = args;
    await untilInstance(aws, instanceId, "running", operation);
    await aws.ec2.attachVolume({ Device: deviceName, InstanceId: instanceId, VolumeId: volumeId });
    const id = hashedId("vai-", `${deviceName}-${instanceId}-${volumeId}-`);
    operation.created(id);
    await waitFor(waiting(operation, `the volume ${volumeId} to be attached`, 300), async () => {
      const state = await attachmentState(aws, args);
      return state === "attached" ? { done: id } : { state: String(state) };
    });
    return id;
  },
  read: async (aws, _id, state) => ((await attachmentState(aws, state)) === "attached" ? {} : undefined),
  update: async () => undefined,
  async delete(aws, _id, state, operation) {
    if (state.skipDestroy || !(await attachmentState(aws, state))) return;
    const { deviceName, instanceId, volumeId, forceDetach } = state;
    if (state.stopInstanceBeforeDetaching) {
      await aws.ec2.stopInstances({ InstanceIds: [instanceId] });
      await untilInstance(aws, instanceId, "stopped", operation);
    }
    const request = { Device: deviceName, InstanceId: instanceId, VolumeId: volumeId, Force: forceDetach };
    await aws.ec2.detachVolume(request).catch((error) => {
      if (!isGone(error) && error.name !== "IncorrectState") throw error;
    });
    await waitFor(waiting(operation, `the volume ${volumeId} to be detached`, 300), async () => {
      const now = await attachmentState(aws, state);
      return now === undefined || now === "detached" ? { done: true } : { state: now };
    });
  },
};

export const volumeResources: Record<string, ResourceModel<Aws>> = {
  "aws:ebs/volume:Volume": withTags(volume, taggers.ec2),
  "aws:ec2/volumeAttachment:VolumeAttachment": volumeAttachment,
};
