import cliProgress from 'cli-progress';
import { number } from './table.js';

/** How far long work is. Told on stderr, so that stdout stays for the answer. */
export interface Progress {
  /** Begins a part of the work, ending the one before. */
  start(label: string, total: number): void;
  /** Done so far, of the total. */
  update(done: number): void;
  end(): void;
}

type ErrorStream = NodeJS.WritableStream & { isTTY?: boolean };

const LABEL_WIDTH = 26;

export const progressOn = (stderr: ErrorStream): Progress => (stderr.isTTY ? new Bars(stderr) : new Lines(stderr));

class Bars implements Progress {
  private bar: cliProgress.SingleBar | undefined;

  constructor(private readonly stream: ErrorStream) {}

  start(label: string, total: number): void {
    this.end();
    this.bar = new cliProgress.SingleBar({
      stream: this.stream,
      format: `${label.padEnd(LABEL_WIDTH)} {bar} {percentage}% {value}/{total} {duration_formatted}`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 30,
      hideCursor: true,
      gracefulExit: false,
    });
    this.bar.start(Math.max(total, 1), 0);
  }

  update(done: number): void {
    this.bar?.update(done);
  }

  end(): void {
    const total = this.bar?.getTotal();
    if (total !== undefined && this.bar?.getProgress() === 1) this.bar.update(total);
    this.bar?.stop();
    this.bar = undefined;
  }
}

const TENTHS = 10;

/** For files and pipes: a line at the start and at each tenth that has passed. */
class Lines implements Progress {
  private label = '';
  private total = 0;
  private told = 0;

  constructor(private readonly stream: ErrorStream) {}

  start(label: string, total: number): void {
    this.label = label;
    this.total = total;
    this.told = 0;
    if (total === 0) this.stream.write(`${label}: nothing to do\n`);
  }

  update(done: number): void {
    const tenth = this.total === 0 ? 0 : Math.floor((Math.min(done, this.total) * TENTHS) / this.total);
    if (tenth <= this.told) return;
    this.told = tenth;
    this.stream.write(`${this.label}: ${number(done)} of ${number(this.total)}\n`);
  }

  end(): void {}
}

/** For work that tells nothing of itself. */
export const silent: Progress = { start() {}, update() {}, end() {} };
