// Plots in which somebody learns: a skill, to keep a promise, to be careful, to find the way.

import { a, say } from "./grammar.ts";
import type { PlotText, Tale } from "./tale.ts";
import { COLORS, PLACES } from "./things.ts";

/** Something is tried, fails, is practised, and works. */
export function newSkill({ dice, hero, friend, adult, pet }: Tale): PlotText {
  const { name, he, He } = hero;
  const [skill, fail, done] = dice.pick([
    ["ride a bike", "fell into the grass", "rode the bike down the road"],
    ["swim", "swallowed a lot of water", "swam across the pond"],
    ["skate", "fell on the ice", "skated in a big circle"],
    ["whistle", "made no sound at all", "whistled a little song"],
    ["climb a tree", "slid down to the ground", "climbed to the top of the tree"],
    ["jump over the stream", "landed in the water", "jumped over the stream"],
    ["juggle", "dropped all the balls", "juggled with three balls"],
    ["tie a bow", "made only a knot", "tied a perfect bow"],
  ]);
  return {
    body: [
      dice.pick([
        `${name} wanted to learn to ${skill}. ${hero.His} friend ${friend.name} could ${skill} very well.`,
        `One day ${name} saw how ${friend.name} could ${skill}. "I want to ${skill} too!" said ${name}.`,
      ]) + ` ${He} tried it, but ${he} ${fail}. ${He} tried again, but it was no better. ` +
      say(dice, name, dice.pick(["I cannot do it!", "It is too hard."])),
      dice.pick([
        say(dice, adult.name, "You cannot do it yet. Try a little every day."),
        say(dice, friend.name, "At first I could not do it either. I will help you."),
      ]) +
      dice.pick([
        ` So ${name} practised every day. On Monday ${he} ${fail}. On Tuesday it went a little better. ${name} did not give up.`,
        ` ${name} did not give up. Every morning ${he} went out and tried it, and every day it was a little easier.`,
      ]),
      dice.pick([
        `On Sunday everyone came to look. ${name} tried once more, and ${he} ${done}! `,
        `Then, one day, it worked: ${he} ${done}! `,
      ]) +
      dice.pick([
        say(dice, friend.name, "You did it!"),
        `${friend.name} and ${adult.name} clapped their hands.`,
        `Even ${pet.name} the ${pet.noun} was surprised.`,
      ]) + ` Now ${name} could ${skill} just like ${friend.name}.`,
    ],
    ends: "away",
    morals: [
      `${name} learned that you must try again and again.`,
      `Soon ${he} helped others who wanted to ${skill}.`,
    ],
  };
}

/** Something is forbidden, done, has an effect, and is told. */
export function forbidden({ dice, hero, adult, pet, friend }: Tale): PlotText {
  const { name, he, his } = hero;
  const [rule, deed, effect, repair] = dice.pick([
    [
      "Do not open the cage",
      "opened the cage",
      "the bird flew out of the window",
      "put seeds on the window, and in the evening the bird came back",
    ],
    [
      "Do not touch the cake",
      "ate a piece of the cake",
      "there was a big hole in the cake",
      "helped to bake a new one",
    ],
    [
      "Do not play ball in the house",
      "played ball in the house",
      "the ball broke a vase",
      "picked up all the pieces and glued them together",
    ],
    [
      "Do not leave the gate open",
      "left the gate open",
      "the goat ran into the garden and ate the flowers",
      "brought the goat back and planted new flowers",
    ],
    [
      "Do not go on the ice",
      "went on the ice",
      "the ice broke and one foot got wet and cold",
      "sat down by the fire until the foot was warm",
    ],
    [
      "Do not shake the tree",
      "shook the tree",
      "all the green apples fell down",
      "gathered the apples and made jam out of them",
    ],
  ]);
  return {
    body: [
      `"${rule}," said ${adult.name} before ${adult.he} went to the market. ${name} promised it. ` +
      dice.pick([
        `At first ${he} played with ${pet.name} the ${pet.noun}. But after a while ${he} was bored.`,
        `But when ${adult.name} was gone, ${friend.name} came and said, "Nobody will see it."`,
      ]) + ` So ${name} ${deed}. ` +
      dice.pick(["And then it happened:", "Oh no,", "It took only a moment:"]) +
      ` ${effect}.`,
      dice.pick([
        `${name} felt bad. Should ${he} say that ${pet.name} the ${pet.noun} had done it? No, that would be a lie.`,
        `${name} wanted to hide. Then ${he} thought of ${his} promise.`,
      ]) + ` When ${adult.name} came home, ${name} told ${adult.him} everything. ` +
      say(dice, name, `I am sorry. I did not keep my promise.`),
      `${adult.Name} was quiet for a moment. ` +
      say(dice, adult.name, "It was good that you told me.") +
      ` ${name} ${repair}.`,
    ],
    ends: "home",
    morals: [
      `From that day on, ${name} kept ${his} promises.`,
      `"${rule}," ${name} said to ${friend.name} the next day, and ${he} meant it.`,
    ],
  };
}

/** The way is lost, and found by marks that were passed before, in reverse order. */
export function findingTheWay({ dice, hero, friend, adult }: Tale): PlotText {
  const { name, he, He } = hero;
  const [first, second, third] = dice.sample([
    "white stone",
    "broken bridge",
    "old well",
    "tall pine",
    "red fence",
    "blue gate",
    "big rock",
    "little church",
    "green bench",
    "empty barn",
  ], 3);
  const [aFirst, aSecond, aThird] = [first, second, third].map(a);
  const why = dice.pick([
    "to pick berries",
    "to look for mushrooms",
    "to see the lake",
    "to find a nest",
  ]);
  return {
    body: [
      `One day ${name} and ${friend.name} went into the forest ${why}. First they passed ${aFirst}, then ${aSecond}, and then ${aThird}. ` +
      dice.pick([
        `They talked and laughed and did not look where they were going.`,
        `They went on and on, until the trees stood close together.`,
      ]),
      `When it got dark, ${friend.name} stopped. ` +
      say(dice, friend.name, "Where are we? Which way is home?") + " " +
      dice.pick([`${friend.He} began to cry.`, `${friend.He} was afraid.`]) +
      ` But ${name} stayed calm. ` +
      say(dice, name, `We must find the ${third}, because we passed it last.`),
      dice.pick([
        `They walked back slowly. There was the ${third}! Then they came to the ${second}, and at last to the ${first}. `,
        `After a while they saw the ${third}. Behind it stood the ${second}, and soon they found the ${first} too. `,
      ]) +
      dice.pick([
        `From there they could see a light. It was ${adult.name}, who was looking for them.`,
        `Now ${name} knew the way. ${He} took ${friend.name} by the hand, and soon they were home.`,
      ]) + " " + dice.pick([
        say(dice, friend.name, `I am glad that you remembered the ${third}.`),
        `${friend.name} was not afraid anymore.`,
      ]),
    ],
    ends: "home",
    morals: [
      `Since then, ${name} has always looked at the things along the way.`,
      `${name} and ${friend.name} never forgot the ${first}, the ${second} and the ${third}.`,
      `That is how ${he} found the way home.`,
    ],
  };
}

/** Where one can run. */
const OUTDOORS = PLACES.filter(({ at }) => at !== "at school");

/** A race, which the one wins who does not stop. */
export function race({ dice, hero, friend, adult, color }: Tale): PlotText {
  const { name, he, his } = hero;
  const prize = `${color} ${dice.pick(["ribbon", "cup", "cap", "flag", "medal"])}`;
  const place = dice.pick(OUTDOORS);
  const goal = dice.pick(place.spots);
  const [stop, reason] = dice.pick([
    ["sat down to eat a snack", "ate too long"],
    ["lay down for a nap", "slept too long"],
    ["stopped to look at a butterfly", "had looked at the butterfly"],
    ["stopped to talk to a dog", "had talked too long"],
  ]);
  const other = dice.pick(COLORS.filter((name) => name !== color));
  const [aShirt, anotherShirt, aPrize] = [`${other} shirt`, `${color} shirt`, prize].map(a);
  return {
    body: [
      dice.pick([
        `${friend.name} was the fastest runner of all, and ${friend.he} knew it. "Nobody can beat me," ${friend.he} said.`,
        `There was a race ${place.at}. ${friend.name} said, "I will win, because I am the fastest."`,
      ]) +
      ` ${name} wanted to try it too. ${friend.name} wore ${aShirt}, and ${name} wore ${anotherShirt}. The prize was ${aPrize}, and the finish was ${goal} ${place.at}.`,
      `"One, two, three, go!" called ${adult.name}. ` + dice.pick([
        `${friend.name} ran so fast that ${name} could not see ${friend.him} anymore. Then ${friend.name} ${stop}. ${name} was slow, but ${he} did not stop.`,
        `${name} ran as fast as ${he} could, but ${friend.name} was far ahead. Halfway there, ${friend.name} ${stop}. ${name} saw it and ran on.`,
      ]),
      dice.pick([
        `When ${friend.name} looked up, ${name} was already ${goal}.`,
        `${friend.name} began to run again, but it was too late. ${name} came first to the finish ${goal}.`,
      ]) + ` ${name} won the ${prize}! ` + dice.pick([
        say(dice, friend.name, `I lost because I ${reason}.`),
        `${friend.name} was angry with ${friend.himself}, but then ${friend.he} shook ${name}'s hand.`,
      ]) + ` ${name} hung the ${prize} over ${his} bed.`,
    ],
    ends: "away",
    morals: [
      `The one who does not stop can beat the one who is fast.`,
      `${friend.name} learned not to boast.`,
    ],
  };
}
