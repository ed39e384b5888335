// The command behind `deno task train:demo`: text, tokenizer, training, measurements, files.

import { createWasmDevice } from "@pare/linalg";
import { parseConfig } from "@pare/model";
import type { Command, CommandInput, FlagValues } from "../../packages/cli/flags.ts";
import { print, tell, terminalProgress } from "../../packages/cli/terminal.ts";
import { UsageError } from "../../packages/cli/user_error.ts";
import { demoPage } from "./demo_page.ts";
import { agreeUpTo } from "./learning_rate.ts";
import { prepareText } from "./prepare_text.ts";
import { DEMO_RECIPE, demoConfig, type TrainingRecipe } from "./recipe.ts";
import { createTrainer } from "./trainer.ts";
import { type LogEntry, trainingFiles, type TrainingState } from "./training_files.ts";
import { runTraining } from "./training_run.ts";
import { writeDemo } from "./write_demo.ts";

/** Steps between two states that are saved: about two minutes of work. */
const SAVE_EVERY = 200;

/** The share of the steps at the end in which the learning rate falls. */
const COOLDOWN_SHARE = 0.3;

/** `train:demo`: trains the model that `compress` makes smaller where none is named. */
export const TRAIN_DEMO: Command = {
  name: "train:demo",
  summary: "Trains the demo model on text of its own, and measures it.",
  operands: "",
  flags: {
    seed: { kind: "integer", value: "<n>", help: "Which weights and texts; 1 by default" },
    steps: {
      kind: "integer",
      value: "<n>",
      help: `Steps of training, ${DEMO_RECIPE.steps} by default; may change until the last ${
        100 * COOLDOWN_SHARE
      } %`,
    },
    output: {
      kind: "text",
      value: "<folder>",
      help: "Where the model goes, with its texts and facts; packages/cli/demo by default",
    },
    report: {
      kind: "text",
      value: "<folder>",
      help: "Where demo-model.md and demo-loss.svg go; docs by default",
    },
    checkpoint: {
      kind: "text",
      value: "<folder>",
      help: "What an interrupted run goes on from; .tmp/demo by default",
    },
    fresh: { kind: "switch", help: "Begin anew, whatever an earlier run left" },
    threads: { kind: "integer", value: "<n>", help: "Threads; one per processor by default" },
    help: { kind: "switch", help: "Show this help" },
  },
  examples: [
    ["", "Train the model, or go on where training was interrupted"],
    ["--steps 50 --output .tmp/try --report .tmp/try --fresh", "Try it for a minute"],
  ],
  run: trainDemo,
};

async function trainDemo({ operands, values, signal }: CommandInput): Promise<number> {
  if (operands.length > 0) {
    throw new UsageError(
      `Cannot train as there must be flags alone: current operand is ${operands[0]}`,
    );
  }
  const recipe = recipeOf(values);
  const config = demoConfig(recipe);
  tell("Writing text and training the tokenizer");
  const text = await prepareText(recipe);
  using device = await createWasmDevice({ threads: values.number("threads") });
  const files = trainingFiles(values.text("checkpoint") ?? ".tmp/demo", {
    recipe: { ...recipe, steps: undefined, cooldownSteps: undefined },
    config,
    tokenizer: text.tokenizerFiles.tokenizerJson,
    device: device.description,
  });
  if (values.on("fresh")) await files.clear();
  const state = await files.load();
  if (state) checkSteps(state, recipe);
  using trainer = createTrainer({
    device,
    config: parseConfig(config, "the demo model"),
    recipe,
    window: text.window,
  });
  const progress = terminalProgress();
  const log = await runTraining({
    trainer,
    recipe,
    heldOut: text.heldOut,
    state,
    save: files.save,
    saveEvery: SAVE_EVERY,
    onStep: stepReporter(
      recipe,
      (item, done) => progress.update({ stage: "Training", done, total: recipe.steps, item }),
    ),
    signal,
  }).finally(progress.clear);
  tell("Measuring");
  const facts = await writeDemo({
    output: values.text("output") ?? "packages/cli/demo",
    report: values.text("report") ?? "docs",
    recipe,
    config,
    text,
    log,
    weights: await trainer.weights(),
    device,
  });
  print(demoPage(facts));
  return 0;
}

/** The default recipe with what the flags change; the cooldown is a share of the steps. */
function recipeOf(values: FlagValues): TrainingRecipe {
  const seed = values.number("seed") ?? DEMO_RECIPE.seed;
  const steps = values.number("steps") ?? DEMO_RECIPE.steps;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`Cannot train as --seed must be 0 or more: current value is ${seed}`);
  }
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new UsageError(`Cannot train as --steps must be 1 or more: current value is ${steps}`);
  }
  return { ...DEMO_RECIPE, seed, steps, cooldownSteps: Math.round(COOLDOWN_SHARE * steps) };
}

/** Refuses to go on from steps that a run of another length would not have made. */
function checkSteps({ log, schedule }: TrainingState, recipe: TrainingRecipe): void {
  const { steps } = recipe;
  if (!agreeUpTo(log.length, schedule, recipe)) {
    throw new UsageError(
      `Cannot go on after step ${log.length} as --steps must be ${schedule.steps}, with which the ` +
        `learning rate began to fall: current value is ${steps}; begin anew with --fresh`,
    );
  }
  tell(`Going on after step ${log.length} of ${steps}`);
}

/** What a step says: tokens seen, loss, learning rate, and how fast it goes. */
function stepReporter(
  { windows, windowLength }: TrainingRecipe,
  show: (item: string, done: number) => void,
): (entry: LogEntry) => void {
  const start = performance.now();
  let done = 0;
  return ({ step, tokens, loss, learningRate, heldOut }) => {
    done++;
    const perSecond = done * windows * windowLength / (performance.now() - start) * 1000;
    const parts = [
      `${(tokens / 1e6).toFixed(2)}M tokens`,
      `loss ${loss.toFixed(3)}`,
      `rate ${learningRate.toExponential(1)}`,
      `${perSecond.toFixed(0)} tokens/s`,
      ...(heldOut
        ? [`held out ${Object.values(heldOut).map((value) => value.toFixed(3)).join(" ")}`]
        : []),
    ];
    show(parts.join(", "), step);
  };
}
