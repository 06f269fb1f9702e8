// planted violation
export const openCase = (imageId: string): object => ({ type: 'CaseOpened', imageId });
