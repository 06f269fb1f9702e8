import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface WalkStep {
  /** The block of the document, word for word. */
  script: string;
  /** The answer that it shows. */
  shown?: unknown;
}

/** The bash blocks of a section, each with the JSON block that follows it. */
export function walkOf(section: string, document = 'README.md'): WalkStep[] {
  const text = readFileSync(document, 'utf8').split(`## ${section}\n`)[1]!.split('\n## ')[0]!;
  return [...text.matchAll(/```bash\n([\s\S]*?)```(?:\n```json\n([\s\S]*?)```)?/g)].map(([, script, shown]) => ({
    script: script!,
    ...(shown === undefined ? {} : { shown: JSON.parse(shown) }),
  }));
}

const DONE = 'readme-walk-done';

/** One bash process, so that a step can use the functions and variables of the steps before it. */
export class Shell {
  private readonly bash: ChildProcessWithoutNullStreams;
  private output = '';
  private wake = () => {};

  constructor(env: Record<string, string>) {
    this.bash = spawn('bash', ['--noprofile', '--norc'], { env: { PATH: process.env.PATH, ...env }, detached: true });
    for (const stream of [this.bash.stdout, this.bash.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.wake();
      });
    }
  }

  /** @returns what the script printed, to stderr too */
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

  /** Ends also what a step left in the background, which a walk that failed did not get to. */
  close(): void {
    this.bash.stdin.end();
    try {
      process.kill(-this.bash.pid!, 'SIGTERM');
    } catch (error) {
      if ((error as { code?: string }).code !== 'ESRCH') throw error;
    }
  }
}
