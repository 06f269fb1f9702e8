#!/usr/bin/env node
/**
 * `node deploy/pin-images.mjs`: writes the digest of each image into docker-compose.yml and deploy/Dockerfile, so that a
 * registry can't hand out another image under the same tag; run it again for a new version. It asks each image's registry, by
 * the OCI distribution API. If a registry can't be reached, no file changes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FILES = ['docker-compose.yml', 'deploy/Dockerfile'];
const DEFAULT_REGISTRY = 'registry-1.docker.io';
/** Where an image is named; the image that compose builds has no tag. */
const NAMED = /^(\s*image:\s*|FROM\s+)([\w./:-]+:[\w.-]+)(?:@sha256:[0-9a-f]{64})?/gm;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LIMIT_MS = 30_000;
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * @param {string[]} files
 * @returns {Promise<string[]>} the images with their digests
 * @throws Error that names the image and its registry; then no file has changed
 */
export async function pinImages(files) {
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  const images = new Set(texts.flatMap((text) => [...text.matchAll(NAMED)].map(([, , image]) => image)));
  const pinned = new Map();
  for (const image of images) pinned.set(image, `${image}@${await digestOf(image)}`);
  for (const [index, file] of files.entries()) {
    writeFileSync(
      file,
      texts[index].replaceAll(NAMED, (_, before, image) => before + pinned.get(image)),
    );
  }
  return [...pinned.values()];
}

/** The digest of the image for all platforms. */
async function digestOf(image) {
  const { registry, repository, tag } = parts(image);
  // As Docker does, without TLS on this machine only.
  const scheme = /^(localhost|127\.0\.0\.1)(:|$)/.test(registry) ? 'http' : 'https';
  const url = `${scheme}://${registry}/v2/${repository}/manifests/${tag}`;
  try {
    let answer = await ask(url, {});
    if (answer.status === 401) answer = await ask(url, { authorization: await anonymousToken(answer) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    const digest = answer.headers.get('docker-content-digest') ?? '';
    if (!DIGEST.test(digest)) throw new Error('it names no SHA-256 digest');
    return digest;
  } catch (error) {
    throw new Error(`${image} is not pinned, since ${registry} failed: ${error.cause?.message ?? error.message}`);
  }
}

const ask = (url, headers) =>
  fetch(url, { method: 'HEAD', headers: { accept: MANIFESTS, ...headers }, signal: AbortSignal.timeout(LIMIT_MS) });

/** `name:tag` without a registry is Docker Hub's, and without an owner it is in `library/`. */
function parts(image) {
  const [, host, path, tag] = /^(?:([^/]*[.:][^/]*|localhost)\/)?(.+):([^:]+)$/.exec(image);
  const repository = host || path.includes('/') ? path : `library/${path}`;
  return { registry: host ?? DEFAULT_REGISTRY, repository, tag };
}

/** By the challenge in a 401, e.g. `Bearer realm="https://…",service="…",scope="…"`. */
async function anonymousToken(answer) {
  const challenge = answer.headers.get('www-authenticate') ?? '';
  const { realm, ...query } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, ...pair]) => pair),
  );
  if (!realm) throw new Error('it wants a password');
  const url = `${realm}?${new URLSearchParams(query)}`;
  const given = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!given.ok) throw new Error(`${new URL(realm).host} gives no anonymous token, but ${given.status}`);
  const { token, access_token: other } = await given.json();
  return `Bearer ${token ?? other}`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    for (const image of await pinImages(FILES.map((file) => join(ROOT, file)))) console.log(image);
  } catch (error) {
    console.error(`gatehouse: ${error.message}`);
    process.exitCode = 1;
  }
}
