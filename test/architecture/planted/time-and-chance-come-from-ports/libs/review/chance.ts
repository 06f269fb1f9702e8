// planted violation
export const pick = (reviewers: string[]): string | undefined =>
  reviewers[Math.floor(Math.random() * reviewers.length)];
