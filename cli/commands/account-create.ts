import { Command } from "commander";

import { contextOf } from "../context.ts";
import { privateFolder } from "../home.ts";
import { createKey, keyFile } from "../keystore.ts";
import { choosePassphrase } from "../passphrase.ts";
import { terminalPrompts } from "../prompts.ts";

export const accountCreate = new Command("create")
  .argument("[name]", "what to call it", "default")
  .addHelpText("after", "\nExample:\n  gridmill account create my-pool")
  .action(async (name: string, _options: unknown, command: Command) => {
    const context = contextOf(command);
    const folder = await privateFolder(context.home.keys);
    const file = keyFile(folder, name);
    const source = { file: context.config.passphraseFile, prompts: terminalPrompts(), stdin: process.stdin };
    const passphrase = await choosePassphrase(source, name);
    const address = await createKey({ folder, name, passphrase });
    context.print(
      { name, address, file },
      `${address}\nKeep a copy of ${file} and of its passphrase: nobody can restore them.`,
    );
  });
