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
  /** Details that explain the figure; only in results.json. */
  readonly detail?: Record<string, unknown>;
}

/** A figure with an absolute bound, without a floor. */
export function atMost(
  limit: number,
  unit: string,
  row: Pick<Row, 'scenario' | 'epistle'> & Partial<Pick<Row, 'floor' | 'ratio' | 'detail'>>,
): Row {
  const bound = `at most ${limit} ${unit}`;
  return { floor: null, ratio: null, ...row, unit, bound, met: row.epistle <= limit };
}

/** As `atMost`; more is better. */
export function atLeast(least: number, unit: string, row: Pick<Row, 'scenario' | 'epistle' | 'detail'>): Row {
  return { floor: null, ratio: null, ...row, unit, bound: `at least ${least} ${unit}`, met: row.epistle >= least };
}

/** A figure without a bound, for information. */
export function unbounded(unit: string, row: Pick<Row, 'scenario' | 'epistle' | 'detail'>): Row {
  return { floor: null, ratio: null, ...row, unit, bound: 'no bound', met: true };
}

/** A figure that must be this share of the floor's; more is better. */
export function shareOfFloor(
  share: number,
  unit: string,
  row: Pick<Row, 'scenario' | 'epistle' | 'detail'> & { readonly floor: number },
): Row {
  const ratio = row.epistle / row.floor;
  return { ...row, unit, ratio, bound: `at least ${share} of the floor`, met: ratio >= share };
}

export function printTable(rows: readonly Row[]): void {
  const cells = [
    ['scenario', 'epistle', 'floor', 'unit', 'ratio', 'bound', ''],
    ...rows.map(({ scenario, epistle, floor, unit, ratio, bound, met }) => [
      scenario,
      figure(epistle),
      figure(floor),
      unit,
      ratio === null ? '' : ratio.toFixed(2),
      bound,
      met ? 'met' : 'NOT MET',
    ]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of cells) {
    process.stdout.write(
      `${line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

/** Three digits at least. */
function figure(value: number | null): string {
  if (value === null) return '';
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
