/** What a scenario reports: one row per promise, Epistle's figure beside that of a hand-written floor in the same run. */
export interface Row {
  readonly scenario: string;
  /** Epistle's figure, in `unit`. */
  readonly epistle: number;
  /** The floor's figure in `unit`; null when the bound is absolute. */
  readonly floor: number | null;
  readonly unit: string;
  /** Epistle over floor; null without a floor. */
  readonly ratio: number | null;
  /** The bound in words, as printed. */
  readonly bound: string;
  readonly met: boolean;
  /** What helps to read the figure: goes to results.json only. */
  readonly detail?: Record<string, unknown>;
}
