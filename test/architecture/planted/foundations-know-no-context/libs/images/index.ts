export type ImageType = string;

export const imageTypes: ImageType[] = ['ImageGenerated'];
