import { MAX_BUNDLE_BYTES, MAX_LINE_BYTES } from './bundle-format.js';
import { UntrustedBundle } from './untrusted-bundle.js';

const LINE_END = 0x0a;

/**
 * The lines of a file as they arrive, without holding more than one of them.
 * @throws UntrustedBundle if it is too large, not UTF-8, or does not end with a line end
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array[] = [];
  let [held, total, line] = [0, 0, 1];
  const textOf = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new UntrustedBundle(line, 'is not UTF-8');
    }
  };
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > MAX_BUNDLE_BYTES) throw new UntrustedBundle(line, `is beyond ${MAX_BUNDLE_BYTES} bytes`);
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      if (held + end - start > MAX_LINE_BYTES) throw new UntrustedBundle(line, `has more than ${MAX_LINE_BYTES} bytes`);
      yield textOf(Buffer.concat([...rest, chunk.subarray(start, end)]));
      line++;
      [rest, held, start] = [[], 0, end + 1];
    }
    held += chunk.length - start;
    if (held > MAX_LINE_BYTES) throw new UntrustedBundle(line, `has more than ${MAX_LINE_BYTES} bytes`);
    // A copy, since the caller may use the memory of the chunk again.
    if (start < chunk.length) rest.push(Uint8Array.from(chunk.subarray(start)));
  }
  if (held > 0) throw new UntrustedBundle(line, 'has no line end: the file was cut off');
}
