/** A run of Jest that is ended from outside tells which files had begun and not ended: one of them hangs. */
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
