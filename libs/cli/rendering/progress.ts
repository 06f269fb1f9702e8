import cliProgress from 'cli-progress';
import { plainLine } from './plain-text.js';
import { number } from './table.js';

/** The progress of long work, on stderr, so that stdout has only the result. */
export interface Progress {
  /** Starts a part of the work and ends the previous one. */
  start(label: string, total: number): void;
  /** @param done so far, of the total */
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
      format: `${plainLine(label).padEnd(LABEL_WIDTH)} {bar} {percentage}% {value}/{total} {duration_formatted}`,
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

/** For files and pipes: one line per tenth of the work. */
class Lines implements Progress {
  private label = '';
  private total = 0;
  private shownTenth = 0;

  constructor(private readonly stream: ErrorStream) {}

  start(label: string, total: number): void {
    this.label = plainLine(label);
    this.total = total;
    this.shownTenth = 0;
    if (total === 0) this.stream.write(`${this.label}: nothing to do\n`);
  }

  update(done: number): void {
    const tenth = this.total === 0 ? 0 : Math.floor((Math.min(done, this.total) * TENTHS) / this.total);
    if (tenth <= this.shownTenth) return;
    this.shownTenth = tenth;
    this.stream.write(`${this.label}: ${number(done)} of ${number(this.total)}\n`);
  }

  end(): void {}
}

/** Reports nothing. */
export const silent: Progress = { start() {}, update() {}, end() {} };
