const CODE = 'DEP0123';
let isHidden = false;

/**
 * The clients' transport gives an IP address as the server name of TLS. Node ignores that, and warns users about what they
 * can't change.
 */
export function hideServerNameWarning(): void {
  if (isHidden) return;
  isHidden = true;
  const emitWarning = process.emitWarning.bind(process) as (...given: unknown[]) => void;
  process.emitWarning = (...given: unknown[]) => {
    const [, options] = given;
    const code = typeof options === 'object' && options !== null ? (options as { code?: string }).code : given[2];
    if (code !== CODE) emitWarning(...given);
  };
}
