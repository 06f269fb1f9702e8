export const title = 'case';
