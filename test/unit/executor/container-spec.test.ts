import { expect } from "chai";

import { containerSpec, type ContainerPlan } from "../../../worker/executor/container-spec.ts";

const PLAN: ContainerPlan = {
  name: "gridmill-1",
  labels: { "gridmill.owner": "me" },
  imageId: "sha256:1",
  imageVolumes: [],
  args: ["run"],
  env: {},
  limits: {
    cpuMillicores: 1_500,
    memoryMiB: 64,
    diskMiB: 10,
    fileMiB: 5,
    pids: 20,
    logBytes: 1_000,
    ...{ wallMs: 1_000, cpuMs: 1_000 },
  },
  processors: "0,1",
  inputVolume: "in",
  datasetVolume: undefined,
  outputVolume: "out",
  runtime: undefined,
};

describe("containerSpec", function () {
  it("shuts the container off", function () {
    const { HostConfig, User, Hostname } = containerSpec(PLAN);

    expect({ User, Hostname }).to.deep.equal({ User: "65534:65534", Hostname: "gridmill" });
    expect(HostConfig).to.deep.include({
      ...{ NetworkMode: "none", ReadonlyRootfs: true, Privileged: false, CapDrop: ["ALL"], IpcMode: "private" },
      ...{ SecurityOpt: ["no-new-privileges"], CgroupnsMode: "private", Init: true },
    });
  });

  it("mounts a dataset where there is one, and nothing of it can be written", function () {
    const mountsOf = (plan: ContainerPlan) => containerSpec(plan).HostConfig!.Mounts!.map(({ Target }) => Target);

    const { HostConfig } = containerSpec({ ...PLAN, datasetVolume: "data" });

    const mount = HostConfig!.Mounts!.find(({ Target }) => Target === "/dataset");
    expect(mount).to.deep.include({ Type: "volume", Source: "data", ReadOnly: true });
    expect(mountsOf(PLAN)).not.to.include("/dataset");
    expect(mountsOf({ ...PLAN, imageVolumes: ["/dataset"] })).to.include("/dataset");
    expect(mountsOf({ ...PLAN, imageVolumes: ["/dataset"], datasetVolume: "data" }).sort()).to.deep.equal(
      mountsOf({ ...PLAN, datasetVolume: "data" }).sort(),
    );
  });

  it("binds it to its limits, swap and bytes included", function () {
    const { HostConfig } = containerSpec(PLAN);

    const memory = 64 * 1024 * 1024;
    expect(HostConfig).to.include({ Memory: memory, MemorySwap: memory, PidsLimit: 21, CpusetCpus: "0,1" });
    expect(HostConfig!.CpuQuota! / HostConfig!.CpuPeriod!).to.equal(1.5);
    expect(HostConfig!.Ulimits).to.deep.include({ Name: "fsize", Soft: 5 * 1024 * 1024, Hard: 5 * 1024 * 1024 });
  });

  it("mounts the input and whatever the image calls a volume for reading, the output for writing", function () {
    const { HostConfig } = containerSpec({ ...PLAN, imageVolumes: ["/data", "/output", "/tmp/"] });

    const mounts = HostConfig!.Mounts!.map(({ Target, Type, ReadOnly }) => [Target, Type, ReadOnly ?? false]);
    expect(mounts).to.deep.equal([
      ["/input", "volume", true],
      ["/output", "volume", false],
      ["/tmp", "tmpfs", false],
      ["/data", "volume", true],
    ]);
  });

  it("gives the same environment in the same order, and lets the app have its own", function () {
    const { Env } = containerSpec({ ...PLAN, env: { Z: "1", HOME: "/output", A: "2" } });

    expect(Env).to.deep.equal([
      ...[
        "A=2",
        "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
        "GRIDMILL_INPUT=/input",
        "GRIDMILL_OUTPUT=/output",
        "HOME=/output",
        "LANG=C.UTF-8",
        "TZ=UTC",
        "Z=1",
      ],
    ]);
  });

  it("leaves the command to the image when there are no arguments", function () {
    expect(containerSpec({ ...PLAN, args: [] })).not.to.have.property("Cmd");
  });

  it("uses the runtime that it is told to", function () {
    expect(containerSpec({ ...PLAN, runtime: "runsc" }).HostConfig).to.include({ Runtime: "runsc" });
  });
});
