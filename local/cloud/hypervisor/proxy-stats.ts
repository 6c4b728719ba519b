import type { Traffic } from "../types";

/** One line of HAProxy's `show stat`: HAProxy management guide, section 9.1, "CSV format". */
export interface StatRow {
  readonly pxname: string;
  readonly svname: string;
  readonly status: string;
  readonly last_chk: string;
  /** Requests; of frontends. */
  readonly req_tot: number;
  /** Answers of 500 to 599. */
  readonly hrsp_5xx: number;
  /** Mean time of the last 1,024 answers, in milliseconds. */
  readonly rtime: number;
}

export function parseStats(text: string): StatRow[] {
  const [header = "", ...lines] = text.split("\n").filter(Boolean);
  const titles = header.replace("# ", "").split(",");
  const [pxname, svname, status, lastCheck, requests, failed, time] = [
    ...["pxname", "svname", "status", "last_chk", "req_tot", "hrsp_5xx", "rtime"],
  ].map((title) => titles.indexOf(title)) as [number, number, number, number, number, number, number];
  return lines
    .map((line) => line.split(","))
    .map((cells) => ({
      ...{ pxname: cells[pxname] ?? "", svname: cells[svname] ?? "", status: cells[status] ?? "" },
      ...{ last_chk: cells[lastCheck] ?? "", req_tot: Number(cells[requests] ?? 0) },
      ...{ hrsp_5xx: Number(cells[failed] ?? 0), rtime: Number(cells[time] ?? 0) },
    }));
}

/** Adds up what a proxy counts, over the reloads at which it begins anew. */
export class TrafficCount {
  private rows: readonly StatRow[] = [];
  private requests = 0;
  private answered = 0;
  private failed = 0;
  private responseSeconds = 0;

  observe(rows: readonly StatRow[]): void {
    const before = (row: StatRow) => this.rows.find((each) => each.pxname === row.pxname && each.svname === row.svname);
    const begunAnew = rows.some((row) => {
      const last = before(row);
      return last !== undefined && (row.req_tot < last.req_tot || row.hrsp_5xx < last.hrsp_5xx);
    });
    if (begunAnew) this.rows = [];
    const grown = (of: readonly StatRow[], count: "req_tot" | "hrsp_5xx"): number =>
      of.reduce((sum, row) => sum + row[count] - (before(row)?.[count] ?? 0), 0);
    const fronts = rows.filter(({ svname }) => svname === "FRONTEND");
    const targets = rows.filter(({ svname }) => svname !== "FRONTEND" && svname !== "BACKEND");
    this.requests += grown(fronts, "req_tot");
    this.answered += grown(fronts, "hrsp_5xx");
    this.failed += grown(targets, "hrsp_5xx");
    const times = targets.map(({ rtime }) => rtime).filter((time) => time > 0);
    if (times.length > 0) this.responseSeconds = times.reduce((sum, time) => sum + time, 0) / times.length / 1000;
    this.rows = rows;
  }

  get total(): Traffic {
    const { requests, failed, responseSeconds } = this;
    return { requests, failed, responseSeconds, refused: Math.max(0, this.answered - failed) };
  }
}
