/** Prints the files that had started but not finished if Jest is stopped by SIGTERM: one of them hangs. */
export default class UnfinishedFiles {
  #begun = new Set();

  constructor({ rootDir }) {
    process.once('SIGTERM', () => {
      for (const file of this.#begun) console.error(`not ended: ${file.replace(`${rootDir}/`, '')}`);
      process.exit(1);
    });
  }

  onTestFileStart({ path }) {
    this.#begun.add(path);
  }

  onTestFileResult({ path }) {
    this.#begun.delete(path);
  }
}
