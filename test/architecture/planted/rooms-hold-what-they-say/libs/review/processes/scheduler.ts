const runPeriodically = (tick: () => void): void => tick();

export const scheduleCases = (tick: () => void): void => runPeriodically(tick);
