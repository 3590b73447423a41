// Serves the page on loopback, with Grafana's icons and fonts, and passes its queries on to Prometheus.

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { Readable } from 'node:stream';

import type { Bundle } from './bundle.ts';

const INDEX = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>kafka-vitals</title>
<link rel="icon" href="data:,">
<style>body { margin: 0; }</style>
<link rel="stylesheet" href="/page.css">
<script>window.__grafana_public_path__ = '/public/';</script>
<script type="module" src="/page.js"></script></head>
<body><div id="root"></div></body>
</html>`;

const MODULES = new URL('../../node_modules/', import.meta.url);

/** Where the components look for files, and which packages have them. */
const FILES: [address: RegExp, file: string][] = [
  [/^\/public\/build\/img\/icons\/([\w-]+\/[\w-]+\.svg)$/, '@grafana/ui/dist/public/img/icons/$1'],
  [/^\/public\/fonts\/inter\/([\w-]+\.woff2)$/, 'inter-ui/web/$1'],
  [/^\/public\/fonts\/roboto\/[\w-]+\.woff2$/, '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2'],
];

const TYPES: Record<string, string> = {
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export interface Server {
  url: string;
  close: () => void;
}

/** Serves until it is closed. `prometheus` is its URL, with or without a path. */
export async function serve(bundle: Bundle, prometheus: string): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, bundle, prometheus.replace(/\/$/, '')).catch((error: unknown) => {
      send(response, 502, 'text/plain', String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

async function answer(request: IncomingMessage, response: ServerResponse, bundle: Bundle, prometheus: string) {
  const url = request.url ?? '/';
  if (url.startsWith('/prometheus/')) {
    return forward(request, response, prometheus + url.slice('/prometheus'.length));
  }
  switch (url) {
    case '/':
      return send(response, 200, 'text/html', INDEX);
    case '/page.js':
      return send(response, 200, 'text/javascript', bundle.script);
    case '/page.css':
      return send(response, 200, 'text/css', bundle.styles);
  }
  const found = FILES.find(([address]) => address.test(url));
  if (!found) {
    return send(response, 404, 'text/plain', 'not found');
  }
  const content = await readFile(new URL(url.replace(found[0], found[1]), MODULES)).catch(() => undefined);
  return content
    ? send(response, 200, TYPES[extname(url)] ?? 'application/octet-stream', content)
    : send(response, 404, 'text/plain', 'not found');
}

async function forward(request: IncomingMessage, response: ServerResponse, address: string): Promise<void> {
  const isPost = request.method === 'POST';
  let answered: Response;
  try {
    answered = await fetch(address, {
      method: isPost ? 'POST' : 'GET',
      headers: isPost ? { 'content-type': request.headers['content-type'] ?? '' } : {},
      ...(isPost ? { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' } : {}),
    } as RequestInit);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return send(response, 502, 'text/plain', `cannot reach Prometheus at ${address}: ${cause}`);
  }
  const type = answered.headers.get('content-type') ?? 'text/plain';
  send(response, answered.status, type, Buffer.from(await answered.arrayBuffer()));
}

function send(response: ServerResponse, status: number, type: string, content: string | Buffer): void {
  response.writeHead(status, { 'content-type': type }).end(content);
}
