/** One progress line: redrawn in place on a terminal, else printed at every tenth. */
export class ProgressLine {
  private shown = -1;

  constructor(
    private readonly title: string,
    private readonly out: NodeJS.WriteStream = process.stdout,
  ) {}

  show(done: number, total: number): void {
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    const step = this.out.isTTY ? percent : Math.floor(percent / 10) * 10;
    if (step === this.shown) return;
    this.shown = step;
    if (!this.out.isTTY) {
      this.out.write(`${this.title} ${step} %\n`);
      return;
    }
    const filled = Math.round(percent / 2.5);
    this.out.write(
      `\r${this.title} ${'█'.repeat(filled)}${'░'.repeat(40 - filled)} ${percent} %${percent === 100 ? '\n' : ''}`,
    );
  }
}
