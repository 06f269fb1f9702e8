const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as HTML, also inside of an attribute. */
export const htmlText = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one]!);
