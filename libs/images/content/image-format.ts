/** The formats that are shown. Everything else, such as SVG, is refused before a decoder sees it. */
export const FORMATS = ['png', 'jpeg', 'webp'] as const;
export type Format = (typeof FORMATS)[number];

export const MEDIA_TYPES = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const satisfies Record<
  Format,
  string
>;

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const CHUNK_HEADER = 8;
const CHUNK_CHECKSUM = 4;
/** Of a WebP container: the place of its extended header, of the flags in it, and the flag of an animation. */
const EXTENDED_AT = 12;
const FLAGS_AT = 20;
const ANIMATION = 0x02;

/** The format by the first bytes of the content, whatever its sender calls it; undefined for any other. */
export function formatOf(bytes: Buffer): Format | undefined {
  if (startsWith(bytes, PNG)) return 'png';
  if (startsWith(bytes, JPEG)) return 'jpeg';
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP' ? 'webp' : undefined;
}

/** Whether it has several frames, of which a reviewer would see the first one only. */
export function isAnimated(bytes: Buffer, format: Format): boolean {
  if (format === 'webp') {
    const isExtended = bytes.toString('latin1', EXTENDED_AT, EXTENDED_AT + 4) === 'VP8X';
    return isExtended && bytes.length > FLAGS_AT && (bytes[FLAGS_AT]! & ANIMATION) !== 0;
  }
  return format === 'png' && hasAnimationControl(bytes);
}

const startsWith = (bytes: Buffer, sign: Buffer): boolean => bytes.subarray(0, sign.length).equals(sign);

/** An animated PNG has the chunk acTL before its first IDAT. */
function hasAnimationControl(bytes: Buffer): boolean {
  for (let at = PNG.length; at + CHUNK_HEADER <= bytes.length; ) {
    const type = bytes.toString('latin1', at + 4, at + CHUNK_HEADER);
    if (type === 'acTL') return true;
    if (type === 'IDAT') return false;
    at += CHUNK_HEADER + bytes.readUInt32BE(at) + CHUNK_CHECKSUM;
  }
  return false;
}
