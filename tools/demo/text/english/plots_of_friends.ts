// Plots about others: somebody in need, somebody new, a riddle, a visit.

import { capitalize } from "../capitalize.ts";
import { a, say } from "./grammar.ts";
import type { PlotText, Tale } from "./tale.ts";
import { ANIMALS, GOODS, PLACES } from "./things.ts";

/** An animal is in trouble; somebody helps, and the animal helps later. */
export function helpedAnimal({ dice, hero, adult }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const animal = dice.pick(ANIMALS);
  const place = dice.pick(PLACES);
  const [trouble, help] = dice.pick([
    ["its leg was caught in a net", "cut the net with a knife"],
    ["it had fallen into a hole", "put a plank into the hole, so that it could climb out"],
    ["it was stuck between two stones", "pushed one of the stones away"],
    ["a thorn was in its foot", "pulled the thorn out"],
    ["its foot was stuck in a fence", "opened the fence with a tool"],
  ]);
  const lost = dice.pick(["key", "ring", "cap", "shoe", "coin"]);
  const anAnimal = a(animal.one);
  const AnAnimal = capitalize(anAnimal);
  return {
    body: [
      dice.pick([
        `One day ${name} was ${place.at} and heard something. ${AnAnimal} ${animal.sound} loudly, because ${trouble}.`,
        `${name} was on the way ${place.to} when ${he} saw ${anAnimal}. It could not move, because ${trouble}.`,
      ]) + " " + say(dice, name, dice.pick(["Do not be afraid.", "I will help you!"])) +
      ` ${He} went closer, step by step, and ${help}.`,
      `The ${animal.one} was free! It ${animal.sound} and ${animal.moved} away. ` + dice.pick([
        `${name} watched it until it was gone.`,
        `"Goodbye!" called ${name}.`,
      ]),
      dice.pick([
        `A week later ${name} lost ${his} ${lost} ${place.at}. ${He} looked everywhere, but could not find it. Then the same ${animal.one} came. It had the ${lost}! `,
        `The next day ${name} went ${place.to} again and lost ${his} ${lost} there. When ${he} was about to give up, ${he} heard something. The ${animal.one} ${animal.sound} and showed ${him} where the ${lost} was. `,
      ]) +
      dice.pick([
        `${name} was so happy. ${He} gave the ${animal.one} ${animal.food} to say thank you.`,
        `${name} thanked the ${animal.one}, and it ${animal.moved} back to ${animal.home}.`,
      ]) + (dice.chance(0.5) ? ` ${adult.Name} could hardly believe it.` : ""),
    ],
    ends: "away",
    morals: [
      `When you help others, they will help you.`,
      `From that day on, ${name} and the ${animal.one} were friends.`,
    ],
  };
}

/** Somebody new is shy, and is asked to play. */
export function newNeighbor({ dice, hero, friend, toy, treasure, adult, pet }: Tale): PlotText {
  const { name, he, his } = hero;
  const [from, there] = dice.pick([
    ["the city", "in the city"],
    ["the mountains", "in the mountains"],
    ["an island", "on the island"],
    ["a farm", "on the farm"],
    ["a small town", "in the small town"],
  ]);
  const game = dice.pick(["hide and seek", "tag", "catch", "a board game", "school", "pirates"]);
  const aChild = a(friend.noun);
  return {
    body: [
      dice.pick([
        `A new ${friend.noun} came to live next door. ${friend.His} name was ${friend.name}, and ${friend.he} came from ${from}.`,
        `One day ${name} saw ${aChild} behind the fence. It was ${friend.name}, who had just come from ${from}.`,
      ]) +
      ` ${friend.name} was shy and did not say a word. ${name} wanted to make friends, but ${he} did not know how.`,
      say(dice, adult.name, dice.pick(["Show your new friend what you like.", "Just say hello."])) +
      ` So ${name} took ${his} ${treasure} and went to the fence. ` +
      say(dice, name, `Hello! This is my ${toy.one}. Do you want to ${toy.play} it with me?`) +
      " " +
      dice.pick([
        `At first ${friend.name} looked at the ground. Then ${friend.he} nodded and smiled.`,
        `${friend.name} looked at the ${toy.one} and began to smile.`,
      ]),
      `They ${toy.played} the ${treasure} together. Then ${friend.name} showed ${name} how the children ${there} play ${game}. ` +
      dice.pick([
        `${name}'s ${pet.noun} ${pet.name} played too.`,
        `${name} had never played it before, but it was fun.`,
        `They laughed so loudly that ${pet.name} the ${pet.noun} came running.`,
      ]),
    ],
    ends: "home",
    morals: [
      `${friend.name} was not shy anymore, and ${name} had a new friend.`,
      `Since then, they have played ${game} every day.`,
    ],
  };
}

/** A riddle: what lives there, eats that, and is known for this? */
export function riddle({ dice, hero, friend, adult }: Tale): PlotText {
  const { name, he, him } = hero;
  const [animal, wrong] = dice.sample(ANIMALS, 2);
  const goods = dice.pick(GOODS);
  const when = dice.pick([
    "On a rainy afternoon",
    "After lunch",
    "On a long train ride",
    "In the evening",
  ]);
  const anAnimal = a(animal.one);
  const another = a(wrong.one);
  return {
    body: [
      `${when} ${name} and ${friend.name} played a guessing game. ` +
      say(dice, friend.name, "I am thinking of an animal. Can you guess it?") + " " +
      say(dice, name, dice.pick(["Where does it live?", "Tell me where it lives!"])) + " " +
      say(dice, friend.name, `It lives in ${animal.home}.`),
      `${name} thought about it. ` + say(dice, name, `Is it ${another}?`) + " " +
      say(
        dice,
        friend.name,
        `No, ${another} lives in ${wrong.home}. You can feed my animal ${animal.food}.`,
      ) +
      ` ${name} still did not know. So ${friend.name} gave ${him} one more hint. ` +
      say(dice, friend.name, `${animal.fact}.`),
      `Now ${name} knew it. ` + say(dice, name, `It is ${anAnimal}!`) + " " +
      say(dice, friend.name, "Yes, you are right!") + " " + dice.pick([
        `${friend.name} gave ${him} ${a(goods.one)} as a prize.`,
        `Then it was ${name}'s turn, and ${he} thought of ${another}.`,
        `${name} was so glad that ${he} ${animal.sound} like ${anAnimal}, and ${adult.name} laughed.`,
      ]),
    ],
    ends: "home",
    morals: [
      `They played until ${adult.name} called them.`,
      `The next time ${name} saw ${anAnimal}, ${he} thought of the game and smiled.`,
    ],
  };
}

/** Somebody is ill or sad, and is cheered up. */
export function sickFriend({ dice, hero, friend, adult, pet, toy, treasure }: Tale): PlotText {
  const { name, He, his } = hero;
  const [trouble, cure] = dice.pick([
    ["had a cold and had to stay in bed", "was well again"],
    ["had hurt a foot and could not walk", "could run again"],
    ["had a fever and was very hot", "had no fever anymore"],
  ]);
  const [gift, brought] = dice.pick([
    ["soup", "some hot soup"],
    ["flowers", "some flowers"],
    ["picture", "a funny picture"],
    ["letter", "a long letter"],
    ["honey", "a jar of honey"],
    ["card", "a card"],
  ]);
  const days = dice.between(2, 6);
  return {
    body: [
      dice.pick([
        `${name} waited for ${friend.name}, but ${friend.he} did not come. ${friend.name} ${trouble}.`,
        `One day ${friend.name} was not at school. ${friend.He} ${trouble}.`,
      ]) + ` ${name} missed ${friend.him}. ` + say(dice, name, `How can I help ${friend.name}?`) +
      " " +
      say(dice, adult.name, dice.pick(["Bring something nice.", "Go and visit your friend."])),
      `${name} took ${brought} and went to see ${friend.name}. ${He} brought ${his} ${treasure} too. ` +
      say(dice, friend.name, dice.pick(["I am so glad that you came!", "How kind of you!"])) +
      ` ${name} sat next to the bed and told ${friend.him} about ${pet.name} the ${pet.noun}. They laughed a lot.`,
      `${name} came back every day. After ${days} days ${friend.name} ${cure}. ` + dice.pick([
        `They went outside and ${toy.played} the ${toy.one} together.`,
        `${friend.name} thanked ${name} for the ${gift} and gave the ${toy.one} back.`,
      ]),
    ],
    ends: "away",
    morals: [
      `A visit from a friend is the best medicine.`,
      `When ${name} was ill in winter, ${friend.name} came to visit ${hero.him} too.`,
    ],
  };
}
