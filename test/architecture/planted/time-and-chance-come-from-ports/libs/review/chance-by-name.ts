// planted violation
const chance = Math['random'];

export const isSampled = (): boolean => chance() < 0.1;
