import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { MIB } from "../../protocol/constants.ts";
import { isDiskFull } from "./engine.ts";

const run = promisify(execFile);

const BLOCK_BYTES = 4_096;
/** A file system in a file holds this many files for each MiB, and never fewer than for one. */
const FILES_PER_MIB = 64;
const MAX_FILES = 65_536;

/** Most files, folders included, that an output of this size may hold. */
export function maxFiles(diskMiB: number): number {
  return Math.min(MAX_FILES, FILES_PER_MIB * diskMiB);
}

/** One shell for all of it: to start a program takes a worker longer than what these do. */
const MAKE = `
set -e
reserve=$1 file=$2 bytes=$3; shift 3
$reserve "$bytes" "$file"
mkfs.ext4 "$@" "$file"
debugfs -w -R "rmdir lost+found" "$file" >&2
losetup --find --show "$file"
`;

/**
 * Attaches a new file with an empty ext4 file system in it whose root belongs to `uid`. Its features are named one by one:
 * what fits in a volume must not depend on a machine's defaults. The space is reserved, so that a task never meets a
 * full disk that is not its own doing; and its root is the task's output folder: nothing may lie there yet.
 * @returns the device, for example `/dev/loop3`
 */
export async function attachNew(path: string, diskMiB: number, uid: number): Promise<string> {
  try {
    return await make("fallocate -l", path, diskMiB, uid);
  } catch (error) {
    await rm(path, { force: true });
    if (isDiskFull(error)) throw error;
    // A file system without reservations: a sparse file then.
    return await make("truncate -s", path, diskMiB, uid);
  }
}

async function make(reserve: string, path: string, diskMiB: number, uid: number): Promise<string> {
  const { stdout } = await run("sh", [
    ...["-c", MAKE, "sh", reserve, path, `${diskMiB * MIB}`],
    ...["-q", "-F", "-b", `${BLOCK_BYTES}`, "-I", "256", "-m", "0", "-N", `${maxFiles(diskMiB)}`],
    ...["-O", "none,extent,filetype,sparse_super,large_file,dir_index,ext_attr"],
    ...["-E", `nodiscard,root_owner=${uid}:${uid}`],
  ]);
  return stdout.trim();
}

export async function detachLoop(device: string): Promise<void> {
  await run("losetup", ["--detach", device]);
}

type LoopDevice = { readonly device: string; readonly file: string };

/** Loop devices whose file lies under `dir`, even if it has been deleted. */
export async function loopsUnder(dir: string): Promise<readonly LoopDevice[]> {
  const { stdout } = await run("losetup", ["--list", "--noheadings", "--output", "NAME,BACK-FILE"]);
  const lines = stdout.split("\n").map((line) => /^(\S+)\s+(.*)$/.exec(line.trim()));
  return lines.flatMap((match) => (match?.[2]?.startsWith(`${dir}/`) ? [{ device: match[1]!, file: match[2] }] : []));
}

const DETACH = `
command -v losetup > /dev/null || exit 0
losetup --list --noheadings --output NAME,BACK-FILE | while read -r device file; do
  case "$file" in "$1"/*) losetup --detach "$device" || exit 1 ;; esac
done
`;

/** Detaches every loop device whose file lies under `dir`; where there is no losetup, there is none. */
export async function detachUnder(dir: string): Promise<void> {
  await run("sh", ["-c", DETACH, "sh", dir]);
}

/** Whether this process may make loop devices. */
export async function mayUseLoops(): Promise<boolean> {
  try {
    await run("losetup", ["--find"]);
    await Promise.all([run("mkfs.ext4", ["-V"]), run("debugfs", ["-V"])]);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/**
 * Whether the file system on a device ended up full, of bytes or of files. It must be unmounted or about to be: its
 * counters on the device are true only then.
 */
export async function isFileSystemFull(device: string): Promise<boolean> {
  const superblock = await readSuperblock(device);
  const blocks = superblock.readUInt32LE(0x04);
  const freeBlocks = superblock.readUInt32LE(0x0c);
  const freeFiles = superblock.readUInt32LE(0x10);
  // The kernel keeps a fiftieth, at most 4,096 blocks, for itself, and refuses a write a little before the rest is gone.
  const kept = Math.min(Math.floor(blocks / 50), 4_096) + Math.min(Math.ceil(blocks / 16), 256);
  return freeBlocks <= kept || freeFiles === 0;
}

/** Opening a block device exclusively fails as long as it is mounted. */
async function readSuperblock(device: string): Promise<Buffer> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      await using file = await open(device, constants.O_RDONLY | constants.O_EXCL);
      const { buffer } = await file.read(Buffer.alloc(1_024), 0, 1_024, 1_024);
      return buffer;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || performance.now() > deadline) throw error;
      await sleep(10);
    }
  }
}
