// Plots about food: looked for, baked, grown.

import { a, list, say } from "./grammar.ts";
import type { PlotText, Tale } from "./tale.ts";
import { ANIMALS } from "./things.ts";

/** A hungry animal asks others, who eat other things, until it finds what it eats. */
export function hungryAnimal({ dice, hero }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const others = ANIMALS.filter(({ one }) => one !== hero.noun);
  const [animal, second, third] = dice.sample(others, 3);
  const aSecond = a(second.one);
  const aThird = a(third.one);
  const where = dice.pick(["behind the barn", "near the road", "under a bush", "at the gate"]);
  return {
    body: [
      dice.pick([
        `One morning ${name} found a little ${animal.one} ${where}. It ${animal.sound} sadly.`,
        `${name} was on the way home when ${he} saw a small ${animal.one} ${where}. It looked thin and tired, and it ${animal.sound}.`,
      ]) + " " + say(dice, name, "Are you hungry?") + ` The ${animal.one} ${animal.sound} again. ` +
      say(dice, name, "Let us find something to eat for you."),
      dice.pick([
        `First they met ${aSecond}. The ${second.one} gave them ${second.food}, but the ${animal.one} did not want that. Then they met ${aThird}. The ${third.one} gave them ${third.food}, but the ${animal.one} did not want that either. It wanted ${animal.food}.`,
        `They asked ${aSecond} for help. "I have ${second.food}," said the ${second.one}. The ${animal.one} shook its head. Next they asked ${aThird}. "Take ${third.food}," said the ${third.one}. But the ${animal.one} looked away, because it wanted ${animal.food}.`,
      ]),
      dice.pick([
        `${name} thought hard. Then ${he} ran home and came back with ${animal.food}.`,
        `At last ${name} looked in ${his} bag. There was ${animal.food}!`,
      ]) + ` The ${animal.one} ate it all and ${animal.sound} happily. ` + dice.pick([
        `Then it ${animal.moved} home to ${animal.home}, and ${name} waved.`,
        `It came back to see ${name} every day, and ${he} always had ${animal.food} for it.`,
        `It was not hungry anymore, so it ${animal.moved} back to ${animal.home}.`,
      ]),
    ],
    ends: "away",
    morals: [
      `${name} learned that not everyone likes the same food, and that ${animal.many} want ${animal.food}.`,
      `Helping made ${him} feel warm inside. ${He} felt that all day.`,
    ],
  };
}

/** Something is baked; one thing is missing, and a neighbor has it. */
export function baking({ dice, hero, adult, friend }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const plain = dice.pick(["cake", "pie", "bread", "cookies", "muffins", "buns"]);
  const [it, were] = plain.endsWith("s") ? ["them", "were"] : ["it", "was"];
  const cake = dice.pick([`some ${plain}`, `fresh ${plain}`]);
  const ingredients = dice.sample(["flour", "eggs", "butter", "sugar", "milk", "honey", "nuts"], 3);
  const missing = dice.pick(ingredients);
  const needs = list(ingredients);
  const was = missing.endsWith("s") ? "were" : "was";
  const bowl = dice.pick(["cupboard", "basket", "kitchen"]);
  return {
    body: [
      dice.pick([
        `${name} wanted to bake ${cake} with ${adult.name}. They needed ${needs}.`,
        `"Today we will bake ${cake}," said ${adult.name}. ${name} was happy and put ${needs} on a list.`,
      ]) + ` ${name} looked in the ${bowl}, but there ${was} no ${missing} left. ` +
      say(dice, name, `What shall we do without ${missing}?`),
      dice.pick([
        `${adult.Name} had an idea. ` +
        say(dice, adult.name, `Go and ask ${friend.name}.`),
        `Then ${name} thought of ${his} friend ${friend.name}, who lived next door.`,
      ]) + ` So ${name} went to ${friend.name}. ` +
      say(dice, name, `May I have some ${missing}, please?`) +
      ` ${friend.name} was glad to help and gave ${him} the ${missing}.`,
      dice.pick([
        `${name} mixed everything, and ${adult.name} put ${it} in the oven. Soon the whole house smelled good. `,
        `Back at home they put the ${missing} in the bowl. ${name} watched the oven until the ${plain} ${were} brown. `,
      ]) +
      dice.pick([
        `When the ${plain} ${were} ready, ${name} took some of the ${plain} to ${friend.name}, who had given ${him} the ${missing}.`,
        `${name} called ${friend.name}. They sat down at the table and ate the warm ${plain} together.`,
        `${He} shared the ${plain} with ${friend.name} and ${adult.name}. There was nothing left but crumbs.`,
      ]),
    ],
    ends: "home",
    morals: [
      `${name} thought that shared ${plain} ${it === "them" ? "taste" : "tastes"} best.`,
      `The next time ${friend.name} needed something, ${name} gave it gladly, because ${he} remembered the ${missing}.`,
    ],
  };
}

/** A seed is planted, watered, and grows, although it takes long. */
export function growingPlant({ dice, hero, adult, friend, color }: Tale): PlotText {
  const { name, he, his } = hero;
  const plant = dice.pick([
    "an apple tree",
    "a bean plant",
    "a big pumpkin",
    "a tall sunflower",
    `a bush with ${color} roses`,
    "a plant with red tomatoes",
  ]);
  const days = dice.between(3, 9);
  const danger = dice.pick([
    [`a snail wanted to eat the leaves`, `${name} carried the snail to the grass`],
    [`the sun was too hot`, `${name} put an umbrella over the plant`],
    [`the wind almost broke the plant`, `${name} tied it to a stick`],
    [`a bird wanted to pull it out`, `${name} chased it away`],
  ]);
  return {
    body: [
      dice.pick([
        `In spring ${adult.name} gave ${name} a small seed. "What is in it?" asked ${name}. "Wait and see," said ${adult.name}.`,
        `${name} found a little seed in ${his} pocket. "Plant it," said ${adult.name}, "and wait."`,
      ]) + ` ${name} made a hole in the ground, put the seed in it and gave it water.`,
      `${name} looked every morning. On day 1 there was nothing. ${friend.name} laughed and said, "It is only a stone." But ${name} did not give up. ` +
      dice.pick([
        `On day ${days} ${he} saw a tiny green leaf! The plant grew and grew. `,
        `After ${days} days something green came out of the ground. Soon it was as tall as ${name}. `,
      ]) + `One day ${danger[0]}, but ${danger[1]}.`,
      `In summer everyone could see what it was: ${plant}! ` + dice.pick([
        `${friend.name} came to look and did not laugh anymore. ` +
        say(dice, friend.name, "You were right. It was not a stone."),
        `${name} gave some of the seeds to ${friend.name}, so that ${friend.he} could plant them too.`,
        `${name} thanked ${adult.name} for the little seed.`,
      ]),
    ],
    ends: "home",
    morals: [
      `${name} learned that good things need time.`,
      `The next spring ${name} planted another seed.`,
    ],
  };
}
