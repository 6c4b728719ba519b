import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { CheckFailure, Difference } from "./operations";

/** The name that the program's own rule of naming gives; null when it wants none. */
export function proposedName(options: pb.CheckRequest.AutonamingOptions | undefined): string | null | undefined {
  if (!options) return undefined;
  if (options.getMode() === pb.CheckRequest.AutonamingOptions.Mode.DISABLE) return null;
  return options.getProposedName() || undefined;
}

export const checkFailures = (failures: readonly CheckFailure[]): pb.CheckFailure[] =>
  failures.map(({ property, reason }) => {
    const item = new pb.CheckFailure();
    item.setProperty(property);
    item.setReason(reason);
    return item;
  });

export function diffResponse({ changes, deleteBeforeReplace }: Difference): pb.DiffResponse {
  const { Kind } = pb.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const top = (path: string) => path.split(/[.[]/)[0]!;
  const response = new pb.DiffResponse();
  response.setChanges(
    changes.length > 0 ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setDiffsList([...new Set(changes.map(({ path }) => top(path)))]);
  response.setReplacesList([...new Set(changes.filter(({ replaces }) => replaces).map(({ path }) => top(path)))]);
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const { path, kind, replaces, isOutput } of changes) {
    const item = new pb.PropertyDiff();
    item.setKind(kinds[kind][replaces ? 1 : 0]);
    item.setInputdiff(!isOutput);
    response.getDetaileddiffMap().set(path, item);
  }
  return response;
}
