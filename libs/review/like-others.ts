/** The time of a UUID of version 7 is in its first digits. */
const TIME_OF_V7 = 13;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([1-8])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** The digits that say a UUID's version and variant. */
const VERSION_AT = 14;
const VARIANT_AT = 19;
const HEX_LETTERS = 6;

/**
 * An id of the form of another: digits are replaced by digits and letters by letters, hexadecimal ones by hexadecimal ones. A
 * word before digits or other characters stays, a UUID keeps its version, and one with a time its time.
 * @param digits a hash in hex; the same gives the same id
 */
export function likeOther(id: string, digits: string): string {
  const uuid = UUID.exec(id);
  const prefix = uuid ? '' : (/^[A-Za-z]+(?=[^A-Za-z]+$|[^0-9A-Za-z])/.exec(id)?.[0] ?? '');
  const isHex = /^[0-9a-f]*$/i.test(id.slice(prefix.length).replaceAll(/[^0-9A-Za-z]/g, ''));
  const keeps = (at: number) =>
    at < prefix.length ||
    (uuid !== null && (at === VERSION_AT || at === VARIANT_AT || (uuid[1] === '7' && at < TIME_OF_V7)));
  return [...id]
    .map((character, at) => {
      const value = Number.parseInt(digits[at % digits.length]!, 16);
      return keeps(at) ? character : replaced(character, value, isHex);
    })
    .join('');
}

function replaced(character: string, value: number, isHex: boolean): string {
  if (/\d/.test(character)) return String(value % 10);
  if (!/[a-z]/i.test(character)) return character;
  const letter = String.fromCharCode('a'.charCodeAt(0) + (isHex ? value % HEX_LETTERS : value));
  return character === character.toUpperCase() ? letter.toUpperCase() : letter;
}
