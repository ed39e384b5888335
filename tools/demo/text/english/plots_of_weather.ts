// Plots that the weather makes: rain, snow, storm, and wind.

import { a, say } from "./grammar.ts";
import type { PlotText, Tale } from "./tale.ts";
import { COLORS, PLACES } from "./things.ts";

/** It rains, somebody gets wet, and dries by the fire. */
export function caughtInRain({ dice, hero, adult, pet, toy }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const place = dice.pick(PLACES);
  const clothes = dice.pick(["coat", "shoes", "socks", "jacket", "sweater"]);
  const were = clothes.endsWith("s") ? "were" : "was";
  const drink = dice.pick(["hot tea", "warm milk", "hot soup", "hot chocolate"]);
  const isWarned = dice.chance(0.5);
  return {
    body: [
      (isWarned
        ? `One morning the sky was gray. "Take your umbrella," said ${adult.name}. But ${name} did not listen. ${He} ran ${place.to} with ${his} ${pet.noun} ${pet.name}.`
        : `${name} and ${his} ${pet.noun} ${pet.name} went ${place.to}. The sun was shining, so ${name} left ${his} umbrella at home.`) +
      " " + dice.pick([
        `Soon dark clouds came, and it began to rain.`,
        `Suddenly a big cloud covered the sun. Drip, drop! It rained and rained.`,
      ]),
      dice.pick([
        `There was no roof anywhere. ${name} got wet from head to toe, and ${pet.name} got wet too. ${hero.His} ${clothes} ${were} full of water.`,
        `${name} called ${pet.name} and ran home as fast as ${he} could, but the rain was faster. Water dripped from ${his} hair, and ${his} ${clothes} ${were} wet.`,
      ]),
      `At home ${adult.name} made a fire. ${name} hung the wet ${clothes} over a chair and sat down by the fire with ${pet.name}. ${adult.Name} gave ${him} ${drink}. ` +
      dice.pick([
        `After an hour the ${clothes} ${were} dry, and ${pet.name} was dry too.`,
        `Soon ${name} was warm, and the ${clothes} ${were} dry again.`,
      ]) + " " +
      (dice.chance(0.5)
        ? say(dice, name, "Next time I will take my umbrella.")
        : `Outside it still rained, but inside ${name} looked at ${his} ${toy.one} and was happy.`),
    ],
    ends: "home",
    morals: [
      `From that day on, ${name} took the umbrella whenever the sky was gray.`,
      isWarned
        ? `${name} learned to listen to ${adult.name}.`
        : `${name} learned that the sun does not always stay.`,
    ],
  };
}

/** It is cold, a glove is missing, and a friend shares. */
export function coldDay({ dice, hero, adult, friend, color }: Tale): PlotText {
  const { name, he, He, his } = hero;
  const wear = dice.pick(["mittens", "gloves", "boots", "socks"]);
  const built = dice.pick(["snowman", "snow house", "snow bear", "snow castle"]);
  const nose = dice.pick(["carrot", "stone", "potato"]);
  return {
    body: [
      dice.pick([
        `One winter morning ${name} looked out of the window. Everything was white. It had snowed all night!`,
        `It was winter, and the snow was deep. ${name} wanted to play outside.`,
      ]) +
      ` ${He} ran out with ${his} friend ${friend.name}, but ${he} forgot ${his} ${color} ${wear}. ` +
      say(dice, name, `Let us build a ${built}!`),
      `They rolled the snow and pushed it together. Soon ${name} was very cold, because ${he} had no ${wear}. ` +
      dice.pick([
        say(dice, friend.name, `You may wear my ${wear} for a while.`) + ` So they took turns.`,
        `${friend.name} saw it and ran to the house. ${friend.He} came back with the ${color} ${wear}, and ${name} put them on.`,
      ]) + ` Now ${name} was warm again, and they could go on.`,
      `They finished the ${built} and gave it a ${nose} for a nose. ` + dice.pick([
        `Then ${adult.name} called them in and gave them hot soup.`,
        `${adult.Name} came out to look at it. ` +
        say(dice, adult.name, "How wonderful!"),
        `The next day the sun came out, and the ${built} melted. Only the ${nose} was left in the grass.`,
      ]),
    ],
    ends: "home",
    morals: [
      `After that, ${name} never forgot the ${color} ${wear} again.`,
      `${name} was glad to have a friend like ${friend.name}.`,
    ],
  };
}

/** There is a noise in a stormy night; it turns out to be harmless. */
export function noiseAtNight({ dice, hero, adult, pet, color }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const [noise, cause] = dice.pick([
    ["Tap, tap, tap", `a branch that knocked on the window`],
    ["Scratch, scratch", `${pet.name} the ${pet.noun}, who wanted to come in`],
    ["Drip, drop", `the water that dripped from the roof`],
    ["Bang, bang", `the garden gate that moved in the wind`],
    ["Hoo, hoo", `a little owl that sat in the tree`],
  ]);
  const cuddly = dice.pick(["teddy bear", "doll", "toy rabbit", "toy lamb", "pillow"]);
  const guess = dice.pick(["a monster", "a ghost", "a wolf", "a thief"]);
  const light = dice.pick(["a candle", "a lamp", "a flashlight"]);
  return {
    body: [
      dice.pick([
        `One night there was a storm. ${name} lay in bed and held ${his} ${color} ${cuddly}. Then ${he} heard something.`,
        `It was dark, and the wind was loud. ${name} could not sleep, although ${his} ${color} ${cuddly} lay next to ${him}.`,
      ]) + ` "${noise}!" ${name} was scared. ` + dice.pick([
        `${He} pulled the blanket over ${his} head.`,
        `${hero.His} heart beat fast.`,
      ]) + ` ${noise}! There it was again. ` + say(dice, name, `It is ${guess}!`),
      dice.pick([
        `${name} called ${adult.name}. ${adult.He} came with ${light}. ` +
        say(dice, adult.name, "Let us look together."),
        `${name} took ${light} and went to ${adult.name}. They held hands and listened.`,
      ]) +
      ` Step by step they went to where the noise came from. It was not ${guess}. It was only ${cause}!`,
      dice.pick([
        `${name} laughed, and ${adult.name} laughed too.`,
        `${name} was not scared anymore. ${He} even thought it was funny.`,
      ]) + ` ${He} went back to bed, took the ${cuddly} in ${his} arms and slept until morning.`,
    ],
    ends: "morning",
    morals: [
      `Now ${name} knows that a noise in the dark is often something small.`,
      `Since that night, ${name} has not been afraid of storms.`,
    ],
  };
}

/** The wind carries a thing away, from place to place, until somebody catches it. */
export function windyDay({ dice, hero, friend, color }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const thing = dice.pick(["hat", "kite", "balloon", "scarf", "umbrella", "drawing"]);
  const other = dice.pick(COLORS.filter((name) => name !== color));
  const [first, second] = dice.sample([
    "over the fence",
    "across the river",
    "past the church",
    "over the roof",
    "through the gate",
    "along the road",
    "between the trees",
  ], 2);
  const place = dice.pick(["a tall tree", "the roof of a barn", "a bridge", "a bush with thorns"]);
  const tool = dice.pick(["a ladder", "a long stick", "a rope"]);
  return {
    body: [
      dice.pick([
        `On a windy day ${name} went for a walk with ${his} ${color} ${thing}.`,
        `The wind was strong that day. ${name} was outside and held ${his} ${color} ${thing} with both hands.`,
      ]) + ` Whoosh! The wind took the ${thing} and carried it away. ` +
      say(dice, name, `Stop! That is my ${thing}!`),
      `The ${thing} flew ${first}, and ${name} ran after it. Then it flew ${second}. At last it got stuck on ${place}. ${name} could not reach it.`,
      `${friend.name} came by. ${friend.He} wore ${a(`${other} coat`)} and carried ${tool}. ` +
      say(dice, friend.name, `Wait, I can help you.`) +
      ` With ${tool} it was easy. ${friend.name} gave the ${color} ${thing} back to ${name}. ` +
      dice.pick([
        `Together they walked home, and the wind pushed them from behind.`,
        `"Thank you, ${friend.name}!" said ${name}. ${He} was so glad that ${he} danced in the wind.`,
        `The wind blew again, but this time it could not take the ${thing} from ${him}.`,
      ]),
    ],
    ends: "away",
    morals: [
      `${name} and ${friend.name} became good friends.`,
      `From then on, ${name} tied a string to the ${thing} when it was windy.`,
    ],
  };
}
