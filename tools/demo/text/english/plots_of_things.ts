// Plots about a thing of the hero's: it is lost, breaks, is swapped, or is made for somebody.

import { capitalize } from "../capitalize.ts";
import { a, say } from "./grammar.ts";
import type { PlotText, Tale } from "./tale.ts";
import { COLORS, INDOORS, PLACES, TOYS } from "./things.ts";

/** A thing is left somewhere, searched at home, and found where it was left. */
export function lostThing({ dice, hero, adult, friend, toy, treasure }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const place = dice.pick(PLACES);
  const [spot, other] = dice.sample(place.spots, 2);
  const [first, second] = dice.sample(INDOORS, 2);
  const helper = dice.pick([adult.name, friend.name]);
  const aTreasure = a(treasure);
  return {
    body: [
      dice.pick([
        `One day ${name} took ${his} ${treasure} ${place.to}. ${He} got hungry, put the ${toy.one} down ${spot} and ate some bread. Then ${he} went home without it.`,
        `${name} had ${aTreasure}. One morning ${he} played ${place.at} and left the ${toy.one} ${spot}. When it got late, ${he} ran home and forgot it.`,
        `${name} loved ${his} ${treasure}. After lunch ${he} took it ${place.to}, sat down ${spot} and looked at the clouds. ${He} went home, but the ${toy.one} stayed there.`,
      ]),
      dice.pick([
        `In the evening ${name} wanted to ${toy.play} the ${toy.one}, but ${he} could not find it. ${He} looked ${first}. It was not there. ${He} looked ${second}. It was not there. ${name} was sad.`,
        `The next day the ${toy.one} was gone. ${name} searched ${first} and ${second}, but it was not there. ${He} began to cry.`,
      ]) + " " + say(dice, helper, "Where did you see it last?") + " " +
      say(dice, name, dice.pick([`I was ${spot} ${place.at}.`, `I had it ${spot}!`])),
      dice.pick([
        `So they went back ${place.to}. First they looked ${other}, but they saw nothing. Then they looked ${spot}. There was the ${treasure}!`,
        `They walked ${place.to} together. ${name} ran to look ${spot}, and there was the ${treasure}!`,
      ]) + " " +
      dice.pick([
        `${name} hugged ${helper} and laughed.`,
        `"Thank you for helping me," said ${name}.`,
        `${capitalize(helper)} smiled at ${him}.`,
      ]),
    ],
    ends: "away",
    morals: [
      `From that day on, ${name} always looked twice before ${he} went home.`,
      `After that, ${he} never left the ${toy.one} ${spot} again.`,
      `Now ${name} knows where to look first: where ${he} saw it last.`,
    ],
  };
}

/** Somebody breaks a thing of a friend's, tells the truth, and mends it. */
export function brokenThing({ dice, hero, adult, friend, toy, treasure }: Tale): PlotText {
  const { name, he, He, his } = hero;
  const tool = dice.pick(["glue", "tape", "a needle and thread", "string"]);
  const accident = dice.pick([
    `${name} ran too fast and fell on it`,
    `${name} dropped it on a stone`,
    `${name} pulled too hard`,
    `${name} did not look and stepped on it`,
  ]);
  const aTreasure = a(treasure);
  return {
    body: [
      dice.pick([
        `${friend.name} came to visit and brought ${aTreasure}. "You may ${toy.play} it too," said ${friend.name}.`,
        `${name} was playing with ${his} friend ${friend.name}. ${friend.name} had ${aTreasure} and gave it to ${name} for a while.`,
      ]) + ` But then ${accident}. Crack! The ${toy.one} was broken.`,
      dice.pick([
        `${name} was afraid. ${He} wanted to hide the ${toy.one}, but that was not right. ${He} went to ${friend.name} and told ${friend.him} the truth.`,
        `At first ${name} said nothing. Then ${he} took a deep breath and showed the broken ${toy.one} to ${friend.name}.`,
      ]) + " " + say(dice, name, `I am sorry. I broke your ${toy.one}.`) +
      ` ${friend.name} was sad, but ${friend.he} was not angry.`,
      dice.pick([
        `${adult.Name} gave them ${tool}. ${name} and ${friend.name} worked together all afternoon, and soon the ${treasure} was whole again.`,
        `They asked ${adult.name} for help. ${adult.He} showed them how to mend it with ${tool}. At last the ${treasure} was as good as new.`,
      ]) + " " +
      say(dice, friend.name, dice.pick(["Thank you for telling me.", "You are a good friend."])),
    ],
    ends: "home",
    morals: [
      `${name} learned that it is best to tell the truth.`,
      `Since then, ${name} has always been careful with the things of ${his} friends.`,
      `${name} and ${friend.name} stayed best friends.`,
    ],
  };
}

/** One thing is swapped for another, and that one for a third. */
export function swappedThings({ dice, hero, friend, toy, color, treasure }: Tale): PlotText {
  const { name, he, He, his } = hero;
  const [second, third] = dice.sample(TOYS.filter((other) => other !== toy), 2);
  const [secondColor, thirdColor] = dice.sample(COLORS.filter((other) => other !== color), 2);
  const trader = dice.pick(["an old man", "a tall woman", "a boy with a cap", "a girl with a bag"]);
  const place = dice.pick(PLACES);
  const aTreasure = a(treasure);
  const aSecond = a(`${secondColor} ${second.one}`);
  const aThird = a(`${thirdColor} ${third.one}`);
  return {
    body: [
      dice.pick([
        `${name} had ${aTreasure}, but ${he} did not ${toy.play} it anymore. ${friend.name} had ${aSecond}.`,
        `One day ${name} looked at ${his} ${treasure} and wished for something new. ${hero.His} friend ${friend.name} had ${aSecond}.`,
      ]) + " " +
      say(dice, name, `Will you give me your ${second.one} for my ${toy.one}?`) + " " +
      say(dice, friend.name, dice.pick(["Yes, I like it!", "Yes, that is fair."])) +
      ` So ${friend.name} got the ${treasure}, and ${name} got the ${secondColor} ${second.one}.`,
      `Then ${name} went ${place.to} and met ${trader} with ${aThird}. They swapped too. Now ${name} had the ${third.one}, and the ${secondColor} ${second.one} was gone.`,
      dice.pick([
        `${name} ran to ${friend.name} to show ${friend.him} the ${thirdColor} ${third.one}. ${friend.name} still had the ${treasure}. Both were happy.`,
        `At home ${name} ${third.played} the ${thirdColor} ${third.one} until bedtime. ${He} did not miss the ${toy.one} at all.`,
        `But in the evening ${name} missed the ${treasure}. ${friend.name} understood. ${friend.He} gave it back, and ${name} gave ${friend.him} the ${thirdColor} ${third.one}.`,
      ]),
    ],
    ends: "home",
    morals: [
      `${name} thought that a fair swap makes two people happy.`,
      `Something old for one can be something new for another.`,
    ],
  };
}

/** A present is made for a friend, in the color that the friend likes. */
export function birthdayPresent(
  { dice, hero, adult, friend, toy, color, treasure }: Tale,
): PlotText {
  const { name, he, He, his } = hero;
  const wrong = dice.pick(COLORS.filter((other) => other !== color));
  return {
    body: [
      dice.pick([
        `Tomorrow was ${friend.name}'s birthday, and ${name} had no present yet.`,
        `${friend.name} had invited ${name} to ${friend.his} birthday. ${name} wanted to bring a present.`,
      ]) + ` ${He} knew that ${friend.name} loved the color ${color} and wanted ${a(toy.one)}. ` +
      say(dice, name, `I will make ${a(toy.one)} for ${friend.name}.`),
      `${name} asked ${adult.name} for help. First they found only ${wrong} paint. ` +
      say(dice, name, `No, it must be ${color}!`) + " " +
      dice.pick([
        `So they went to the shop and bought ${color} paint.`,
        `${adult.Name} looked ${dice.pick(INDOORS)} and found some ${color} paint.`,
      ]) + ` ${name} worked until evening, and ${his} hands were ${color} too.`,
      `The next day ${friend.name} opened the box and saw the ${treasure}. ` +
      say(
        dice,
        friend.name,
        dice.pick([
          `${capitalize(a(toy.one))}! And it is ${color}!`,
          `This is what I wished for!`,
          `${capitalize(color)} is my favorite color!`,
        ]),
      ) + " " + dice.pick([
        `${friend.He} hugged ${name} and would not put the ${toy.one} down.`,
        `All day long ${friend.name} ${toy.played} ${friend.his} new ${toy.one}.`,
      ]),
    ],
    ends: "away",
    morals: [
      `${name} learned that the best presents are made with love.`,
      `${name} was glad that ${he} had thought about what ${friend.name} likes.`,
    ],
  };
}
