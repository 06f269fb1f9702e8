import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';

const MIB = 1024 * 1024;
/** A process is to stay below 600 MiB. What its young generation and its buffers take comes and goes between collections. */
const ROOMY_BYTES = 430 * MIB;
/** A heap whose live objects take more than that is collected often rather than large. */
const LEAST_PERCENT = 50;
/** V8 collects a young process often enough with it. */
const MOST_PERCENT = 300;

interface MajorCollection {
  detail?: { kind?: number };
}

/**
 * How far the heap may grow before V8 marks all of it again, in percent of its live objects. Marking a hundred MiB takes a
 * loaded process of two cores a tenth of a second, in which requests wait; a larger heap is marked less often.
 * @param liveBytes what the last such collection left
 * @param outsideBytes resident memory outside of the heap
 */
export function heapGrowthPercent(liveBytes: number, outsideBytes: number): number {
  const room = ((ROOMY_BYTES - outsideBytes - liveBytes) / liveBytes) * 100;
  return Math.round(Math.min(MOST_PERCENT, Math.max(LEAST_PERCENT, room)));
}

/**
 * Lets the heap of this process grow as `heapGrowthPercent` says from now on. By default V8 lets a small heap grow to a
 * multiple, however large that is.
 * @returns stops following the collections
 */
export function limitHeapGrowth(): () => void {
  // V8 reads the flag at every collection, so setting it at run time works.
  const set = () => {
    const { rss, heapTotal, heapUsed } = process.memoryUsage();
    setFlagsFromString(`--heap-growing-percent=${heapGrowthPercent(heapUsed, Math.max(0, rss - heapTotal))}`);
  };
  set();
  const observer = new PerformanceObserver((list) => {
    const isMajor = ({ detail }: MajorCollection) => detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
    if ((list.getEntries() as MajorCollection[]).some(isMajor)) set();
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
