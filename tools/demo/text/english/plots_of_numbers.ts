// Plots with numbers that add up. No number is above ten, nor is a sum of two above twenty, so that
// no problem that is held out for a test of arithmetic is told.

import { a, count, say } from "./grammar.ts";
import type { PlotText, Tale } from "./tale.ts";
import { GOODS, PLACES } from "./things.ts";

/** Things are found, given, and taken away, one number after another. */
export function gathering({ dice, hero, friend, adult }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const goods = dice.pick(GOODS);
  const place = dice.pick(PLACES);
  const first = dice.between(2, 6);
  const more = dice.between(1, 10 - first);
  const sum = first + more;
  const given = dice.between(1, sum - 1);
  const left = sum - given;
  const bag = dice.pick(["basket", "bag", "bucket", "box"]);
  const [some, all, rest] = [first, sum, left].map((number) => count(number, goods));
  const were = left === 1 ? "was" : "were";
  return {
    body: [
      dice.pick([
        `One day ${name} went ${place.to} with a ${bag}. ${He} found ${some} and put them in the ${bag}.`,
        `${name} had ${some} in ${his} ${bag}. ${He} went ${place.to} to look for more.`,
      ]) + " " + dice.pick([
        `There ${he} met ${friend.name}. ${friend.name} gave ${him} ${more} more. Now ${name} had ${all}.`,
        `Near ${friend.name}'s house ${he} found ${more} more. Now there were ${all} in the ${bag}.`,
      ]),
      dice.pick([
        `On the way home the ${bag} got a hole, and ${given} fell out. ${name} counted: only ${left} ${were} left.`,
        `${friend.name} was hungry and sad. ${name} gave ${friend.him} ${given} of the ${sum} ${goods.many}. Then ${name} had ${rest} left.`,
        `${name} took the ${bag} home and gave ${given} to ${adult.name}. So ${he} kept ${rest}.`,
      ]),
      say(dice, adult.name, `How many ${goods.many} do you have?`) + " " +
      say(dice, name, dice.pick([`I have ${left}.`, `I had ${sum}, and now I have ${left}.`])) +
      " " +
      dice.pick([
        `They put the ${goods.many} on the table and counted them once more. There ${were} ${left}.`,
        `${name} was happy with ${his} ${rest}.`,
      ]),
    ],
    ends: "home",
    morals: [
      `${name} liked to count, and ${he} counted everything ${he} saw.`,
      `Now ${name} always counts ${his} ${goods.many} twice.`,
    ],
  };
}

/** Coins are counted, something is bought, and some coins are left. */
export function shopping({ dice, hero, adult, friend, toy, treasure }: Tale): PlotText {
  const { name, he, He, his, him } = hero;
  const goods = dice.pick(GOODS);
  const coins = dice.between(5, 10);
  const price = dice.between(2, coins - 1);
  const left = coins - price;
  const coin = { one: "coin", many: "coins" };
  const [saved, cost, rest] = [coins, price, left].map((number) => count(number, coin));
  const change = left === 1 ? "coin" : "coins";
  const kept = left - 1;
  return {
    body: [
      dice.pick([
        `${name} saved ${his} money in a jar. There were ${saved} in it.`,
        `${name} helped ${adult.name} all week and got ${saved} for it.`,
      ]) + ` One day ${he} went to the shop. In the window ${he} saw ${a(treasure)}. ` +
      say(dice, name, `How much is the ${toy.one}?`) + " " +
      say(dice, "the shopkeeper", `It costs ${cost}.`),
      `${name} counted ${price} of the ${coins} coins and put them on the table. Then ${he} had ${rest} left. ` +
      dice.pick([
        `For the rest ${he} bought ${count(left, goods)}, one coin each. Now the jar was empty.`,
        `"Keep the rest for another day," said the shopkeeper. So ${name} took the ${change} home.`,
        `Outside ${he} met ${friend.name}, who had no money. ${name} gave ${friend.him} 1 coin and kept ${kept}.`,
      ]),
      dice.pick([
        `At home ${name} showed the ${treasure} to ${adult.name}. ` +
        say(dice, adult.name, "You paid for it all by yourself!"),
        `${He} ${toy.played} the ${toy.one} all afternoon, and ${friend.name} came to look at it.`,
        `${name} took ${his} ${toy.one} to bed that night, and ${adult.name} smiled at ${him}.`,
      ]),
    ],
    ends: "home",
    morals: [
      `${name} was proud that ${he} had saved ${his} money.`,
      `The next day ${name} began to save again.`,
    ],
  };
}

/** Things are shared so that everyone gets as many. */
export function fairShares({ dice, hero, friend, adult, pet }: Tale): PlotText {
  const { name, he, He, his } = hero;
  const goods = dice.pick(GOODS);
  const each = dice.between(2, 5);
  const total = 2 * each;
  const more = dice.between(1, 4);
  const mine = each + dice.between(1, Math.min(2, each));
  const wrong = total - mine;
  const twice = 2 * more;
  const inTheEnd = each + more;
  return {
    body: [
      dice.pick([
        `${name} and ${friend.name} sat in the grass with ${total} ${goods.many}. "They are for both of you," ${adult.name} had said.`,
        `${adult.Name} gave ${total} ${goods.many} to ${name} and ${friend.name}. They wanted to share them.`,
      ]) + (wrong > 0
        ? ` ${name} took ${mine}, so ${friend.name} got only ${wrong}. ` +
          say(dice, friend.name, "That is not fair!")
        : ` ${name} took all of them, so ${friend.name} got none. ` +
          say(dice, friend.name, "That is not fair!")),
      `${name} looked at ${his} ${goods.many} and felt bad. ` + dice.pick([
        `${He} gave some back to ${friend.name}.`,
        `${He} put them all together again.`,
      ]) +
      ` "One for you, one for me," ${he} said, until there were no more. Now each of them had ${each}, because ${each} and ${each} is ${total}.`,
      dice.pick([
        `Then ${pet.name} the ${pet.noun} came and found ${more} more. ` +
        `${friend.name} counted: ${total} and ${more} is ${total + more}.`,
        `Later ${adult.name} brought ${twice} more. Each of them got ${more}, and then each had ${inTheEnd}.`,
      ]) + " " + dice.pick([
        `They laughed and played with the ${goods.many} until the sun went down.`,
        `${friend.name} was not angry anymore.`,
      ]),
    ],
    ends: "home",
    morals: [
      `${name} learned to share, so that everyone has the same.`,
      `From that day on, ${name} always asked, "Is it fair?"`,
    ],
  };
}

/** Animals come one after another, and go again. */
export function countingVisitors({ dice, hero, adult }: Tale): PlotText {
  const { name, he, He, his } = hero;
  const [first, second] = dice.sample([
    { one: "duck", many: "ducks" },
    { one: "bird", many: "birds" },
    { one: "frog", many: "frogs" },
    { one: "rabbit", many: "rabbits" },
    { one: "cat", many: "cats" },
    { one: "goat", many: "goats" },
  ], 2);
  const x = dice.between(2, 6);
  const y = dice.between(1, 4);
  const gone = dice.between(1, x - 1);
  const where = dice.pick(["by the pond", "on the hill", "in the garden", "behind the house"]);
  const [some, rest] = [x, x - gone].map((number) => count(number, first));
  const others = count(y, second);
  return {
    body: [
      dice.pick([
        `${name} liked to sit ${where} and watch the animals. One morning ${he} saw ${some}.`,
        `One quiet morning ${name} sat ${where}. ${some} came and sat down near ${hero.him}.`,
      ]) + ` After a while ${others} came too. ` +
      say(dice, name, `${x} and ${y} is ${x + y}. I see ${x + y} animals!`),
      `Then a loud noise came from the road. ${gone} of the ${first.many} went away, but the others stayed. ${name} counted again: ${rest} and ${others}. ` +
      dice.pick([
        `That was ${x - gone + y} animals.`,
        say(dice, name, `Now there are ${x - gone + y}.`),
      ]),
      dice.pick([
        `${He} ran home and told ${adult.name} about the ${first.many} and the ${second.many}. `,
        `${name} drew a picture with ${rest} and ${others} and gave it to ${adult.name}. `,
      ]) + say(
        dice,
        adult.name,
        dice.pick([
          `How many did you see at first?`,
          `How many were there before the noise?`,
        ]),
      ) + " " + say(dice, name, `There were ${x + y}.`),
    ],
    ends: "home",
    morals: [
      `The next day ${name} came back, and the ${first.many} came back too.`,
      `${name} wrote the numbers in ${his} notebook.`,
    ],
  };
}
