/* What events say of those who flag. */

/** Who flags images. */
export const FLAG_SOURCES = ['user', 'detector', 'staff'] as const;
