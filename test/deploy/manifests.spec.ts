import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { InvalidSettings, readSettings } from '../../libs/platform/configuration/settings.js';
import { kubernetesFaults } from './kubernetes-faults.js';

// biome-ignore lint/suspicious/noExplicitAny: parsed files have no types here
type Parsed = any;

const KUBERNETES = 'deploy/kubernetes';
const ROLES = ['gateway', 'ingester', 'projector', 'publisher', 'reactor'];
const KEY = Buffer.alloc(32, 1).toString('base64');

/** Fails for an unknown setting and for a value that a process would refuse. */
function expectSettings(environment: Record<string, string>) {
  const given = Object.entries(environment).filter(([name]) => name.startsWith('GATEHOUSE_'));
  expect(given.length).toBeGreaterThan(0);
  try {
    readSettings(Object.fromEntries(given));
  } catch (error) {
    expect((error as InvalidSettings).lines).toEqual([]);
  }
}

const roleOf = (command: string[]) => /^dist\/apps\/([a-z]+)\/main\.js$/.exec(command[1]!)?.[1];

describe('docker-compose.yml', () => {
  const filled = readFileSync('docker-compose.yml', 'utf8')
    .replaceAll(/\$\{POSTGRES_(SERVICE_)?PASSWORD:\?[^}]*\}/g, 'secret')
    .replaceAll(/\$\{GATEHOUSE_(MASTER|IDENTITY)_KEY:\?[^}]*\}/g, KEY)
    .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
  const { services, networks, volumes }: Parsed = parse(filled, { merge: true });
  const { migrate, ...others } = services;
  const roles = Object.entries<Parsed>(others).filter(([, { image }]) => image === 'gatehouse');

  it('starts every role with its own program and valid settings', () => {
    expect(roles.map(([name]) => name).sort()).toEqual(ROLES);
    for (const [name, { command, environment }] of roles) {
      expect(roleOf(command)).toBe(name);
      expect(existsSync(`apps/${name}/main.ts`)).toBe(true);
      expectSettings(environment);
    }
  });

  it('makes services wait for what they need, and checks the health of everything they wait for', () => {
    for (const [, { depends_on: needed }] of roles) {
      expect(Object.keys(needed)).toEqual(expect.arrayContaining(['postgres', 'kurrentdb', 'kafka']));
      expect(needed.migrate).toEqual({ condition: 'service_completed_successfully' });
      for (const [name, { condition }] of Object.entries<Parsed>(needed)) {
        if (name === 'migrate') continue;
        expect(condition).toBe('service_healthy');
        expect(services[name].healthcheck?.test ?? services[name].image === 'gatehouse').toBeTruthy();
      }
    }
    // The server that prepares the directory at the first start listens only on a socket.
    expect(services.postgres.healthcheck.test).toEqual(expect.arrayContaining(['-h', '127.0.0.1']));
  });

  it('builds the one image once and pulls it from no registry', () => {
    expect(existsSync(migrate.build.dockerfile)).toBe(true);
    for (const [name, { build, pull_policy: policy, depends_on: needed }] of roles) {
      expect([build, policy]).toEqual([undefined, 'never']);
      expect(Object.hasOwn(needed, 'gateway')).toBe(name !== 'gateway');
    }
  });

  it('gives the password of the owner of the database to the service that migrates it, and to no other', () => {
    expect(migrate.command.slice(1)).toEqual(['dist/apps/cli/main.js', 'migrate']);
    expect(existsSync('apps/cli/main.ts')).toBe(true);
    expectSettings(migrate.environment);
    const userIn = (url: string) => new URL(url).username;
    const { GATEHOUSE_DATABASE_URL: ours, GATEHOUSE_MIGRATION_DATABASE_URL: owners } = migrate.environment;
    expect(userIn(owners)).toBe(services.postgres.environment.POSTGRES_USER);
    expect(userIn(ours)).not.toBe(userIn(owners));
    for (const [, { environment }] of roles) {
      expect(environment.GATEHOUSE_DATABASE_URL).toBe(ours);
      expect(environment.GATEHOUSE_MIGRATION_DATABASE_URL).toBeUndefined();
    }
  });

  it('gives the stores fixed versions, existing volumes and no port from outside', () => {
    for (const name of ['postgres', 'kurrentdb', 'kafka']) {
      const { image, volumes: mounted, ports, networks: joined } = services[name];
      expect(image).toMatch(/:\d[\w.]*$/);
      expect(ports).toBeUndefined();
      expect(joined).toEqual(['stores']);
      for (const one of mounted) expect(volumes).toHaveProperty(one.split(':')[0]);
    }
    expect(networks.stores.internal).toBe(true);
  });

  it('leaves every secret to the environment', () => {
    const text = readFileSync('docker-compose.yml', 'utf8');
    const needed = [...text.matchAll(/\$\{(\w+)[:}]/g)].map(([, name]) => name!);
    const example = readFileSync('deploy/compose.env.example', 'utf8');
    for (const name of needed) expect(example).toMatch(new RegExp(`^${name}=`, 'm'));
    expect(text).not.toMatch(/PASSWORD: (?!\$\{)/);
  });

  const compose = spawnSync('docker', ['compose', 'version']);
  if (compose.status === 0) {
    it('is valid for docker compose', () => {
      const env = {
        ...process.env,
        POSTGRES_PASSWORD: 'secret',
        POSTGRES_SERVICE_PASSWORD: 'secret',
        GATEHOUSE_MASTER_KEY: KEY,
        GATEHOUSE_IDENTITY_KEY: KEY,
      };
      const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    });
  }
});

describe('the Kubernetes manifests', () => {
  const documents = readdirSync(KUBERNETES)
    .flatMap((file) => parseAllDocuments(readFileSync(join(KUBERNETES, file), 'utf8')))
    .map((document) => document.toJS() as Parsed);
  const ofKind = (kind: string) => documents.filter((one) => one.kind === kind);

  const configuration = { ...ofKind('ConfigMap')[0].data, ...ofKind('Secret')[0].stringData };

  it('are valid for Kubernetes, in every field', () => {
    // kustomize itself checks its own file.
    expect(kubernetesFaults(documents.filter(({ kind }) => kind !== 'Kustomization'))).toEqual([]);
  });

  it('would be refused with an unknown field, a wrong type or a missing field', () => {
    const planted = (plant: (deployment: Parsed) => void) => {
      const deployment = structuredClone(ofKind('Deployment')[0]);
      plant(deployment.spec);
      return deployment;
    };
    const faults = kubernetesFaults([
      planted(({ template }) => {
        template.spec.containers[0].readinesProbe = {};
      }),
      planted(({ template }) => {
        template.spec.topologySpreadConstraints[0].maxSkew = '1';
      }),
      planted((spec) => {
        delete spec.selector;
      }),
    ]);
    expect(faults).toEqual([
      expect.stringMatching(/readinesProbe.* does not exist/),
      expect.stringContaining("'string' is not assignable to type 'number'"),
      expect.stringContaining("Property 'selector' is missing"),
    ]);
  });

  it('have for every role a deployment with several replicas, a service and a disruption budget that select it', () => {
    for (const kind of ['Deployment', 'Service', 'PodDisruptionBudget']) {
      expect(
        ofKind(kind)
          .map(({ metadata }) => metadata.name)
          .sort(),
      ).toEqual(ROLES.map((role) => `gatehouse-${role}`));
    }
    for (const { metadata, spec } of ofKind('Deployment')) {
      const { labels } = spec.template.metadata;
      expect(spec.replicas).toBeGreaterThan(1);
      expect(spec.selector.matchLabels).toEqual(labels);
      const partner = (kind: string) => ofKind(kind).find((one) => one.metadata.name === metadata.name);
      expect(partner('Service').spec.selector).toEqual(labels);
      expect(partner('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
    }
  });

  it('run each role with its own program as an unprivileged user, with probes, resources and time to drain', () => {
    for (const { spec } of ofKind('Deployment')) {
      const pod = spec.template.spec;
      const [container] = pod.containers;
      expect(container.command).toBeUndefined(); // the image's entry point forwards signals
      expect(roleOf(container.args)).toBe(container.name);
      expect(pod.securityContext.runAsNonRoot).toBe(true);
      expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(15);
      expect([container.livenessProbe, container.startupProbe].map((probe) => probe.httpGet.path)).toEqual([
        '/health/live',
        '/health/live',
      ]);
      expect(container.readinessProbe.httpGet.path).toBe('/health/ready');
      expect(container.ports).toEqual([{ name: 'http', containerPort: 8080 }]);
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.anything() },
        limits: { memory: expect.anything() },
      });
    }
  });

  it('have valid settings, and turn off the variables that Kubernetes would add', () => {
    expectSettings({ ...configuration, GATEHOUSE_MASTER_KEY: KEY, GATEHOUSE_IDENTITY_KEY: KEY });
    for (const { spec } of ofKind('Deployment')) {
      expect(spec.template.spec.enableServiceLinks).toBe(false);
      expect(spec.template.spec.containers[0].envFrom).toEqual([
        { configMapRef: { name: ofKind('ConfigMap')[0].metadata.name } },
        { secretRef: { name: ofKind('Secret')[0].metadata.name } },
      ]);
    }
  });

  it('give the owner of the log to the job that migrates, and to no process that serves', () => {
    const [{ spec }] = ofKind('Job');
    const [{ args, env, envFrom }] = spec.template.spec.containers;
    expect(args.slice(1)).toEqual(['dist/apps/cli/main.js', 'migrate']);
    const [secret] = ofKind('Secret').filter(({ metadata }) => metadata.name === envFrom[0].secretRef.name);
    expectSettings({ ...secret.stringData, [env[0].name]: configuration[env[0].valueFrom.secretKeyRef.key] });
    expect(Object.keys(configuration)).not.toContain('GATEHOUSE_MIGRATION_DATABASE_URL');
  });

  it('mount the certificates at the paths in the settings, and the key store in each', () => {
    const files = Object.keys(ofKind('Secret').find(({ metadata }) => metadata.name === 'gatehouse-ca').stringData);
    const named = [...JSON.stringify(configuration).matchAll(/\/etc\/gatehouse\/ca\/([\w.]+)/g)].map(
      ([, file]) => file,
    );
    expect(named.sort()).toEqual(files.sort());
    for (const { spec } of ofKind('Deployment')) {
      const { containers, volumes } = spec.template.spec;
      expect(containers[0].volumeMounts).toEqual([
        { name: 'authorities', mountPath: '/etc/gatehouse/ca', readOnly: true },
        { name: 'keys', mountPath: '/data/keys' },
      ]);
      expect(volumes).toEqual([
        { name: 'keys', persistentVolumeClaim: { claimName: ofKind('PersistentVolumeClaim')[0].metadata.name } },
        { name: 'authorities', secret: { secretName: 'gatehouse-ca', optional: true } },
      ]);
    }
  });

  const kubectl = spawnSync('kubectl', ['version', '--client']);
  if (kubectl.status === 0) {
    it('are built by kustomize, without the example of a secret', () => {
      const { status, stdout } = spawnSync('kubectl', ['kustomize', KUBERNETES], { encoding: 'utf8' });
      expect(status).toBe(0);
      const kinds = parseAllDocuments(stdout).map((document) => (document.toJS() as Parsed).kind);
      expect(kinds).not.toContain('Secret');
      expect(kinds.filter((kind) => kind === 'Deployment')).toHaveLength(ROLES.length);
    });
  }
});

describe('deploy/Dockerfile', () => {
  const text = readFileSync('deploy/Dockerfile', 'utf8');

  it('builds in a separate stage and runs as a user other than root, with valid settings', () => {
    expect(text.match(/^FROM /gm)).toHaveLength(2);
    expect(text.slice(text.lastIndexOf('FROM'))).toMatch(/^USER node$/m);
    const settings = [...text.matchAll(/\b(GATEHOUSE_\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]);
    expectSettings(Object.fromEntries(settings));
  });

  it('has a parent process that forwards signals before node itself listens for them', () => {
    expect(text).toMatch(/^ENTRYPOINT \["tini", "--"\]$/m);
    expect(text).toMatch(/apt-get install .*\btini\b/);
  });

  it('copies what exists', () => {
    const sources = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => paths!.split(' '));
    expect(sources.filter((path) => !existsSync(path))).toEqual([]);
  });
});
