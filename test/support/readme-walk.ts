import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface WalkStep {
  /** As it stands in the README. */
  script: string;
  /** What the README shows as its answer. */
  shown?: unknown;
}

/** The shell blocks of a section with the JSON block right behind each. */
export function walkOf(section: string): WalkStep[] {
  const text = readFileSync('README.md', 'utf8').split(`## ${section}\n`)[1]!.split('\n## ')[0]!;
  return [...text.matchAll(/```sh\n([\s\S]*?)```(?:\n```json\n([\s\S]*?)```)?/g)].map(([, script, shown]) => ({
    script: script!,
    ...(shown === undefined ? {} : { shown: JSON.parse(shown) }),
  }));
}

const DONE = 'readme-walk-done';

/** One bash, so that functions and variables of a step are there for the next. */
export class Shell {
  private readonly bash: ChildProcessWithoutNullStreams;
  private output = '';
  private wake = () => {};

  constructor(env: Record<string, string>) {
    this.bash = spawn('bash', ['--noprofile', '--norc'], { env: { PATH: process.env.PATH, ...env } });
    for (const stream of [this.bash.stdout, this.bash.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.wake();
      });
    }
  }

  /** What the script printed, errors too. */
  async run(script: string): Promise<string> {
    this.output = '';
    this.bash.stdin.write(`${script}\necho ${DONE}\n`);
    while (!this.output.includes(`${DONE}\n`)) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.output.replace(`${DONE}\n`, '').trim();
  }

  close(): void {
    this.bash.stdin.end();
  }
}
