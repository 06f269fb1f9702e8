export const shown = 'image';
