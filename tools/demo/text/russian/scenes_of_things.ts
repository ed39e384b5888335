// Scenes about a thing: lost and found, given, swapped, counted.

import { adjective, LOOKS } from "./adjectives.ts";
import { both } from "./agreement.ts";
import { speech } from "./inflect.ts";
import { BELONGINGS } from "./nouns.ts";
import { RUSSIAN_INDOORS, type Scene, type SceneText } from "./scene.ts";

/** Потеря: a thing is left somewhere, searched at home, and found where it was left. */
export function loss({ dice, place, roles: { adult, friend } }: Scene): SceneText {
  const spot = dice.pick(place.spots);
  const [first, second] = dice.sample(RUSSIAN_INDOORS, 2);
  const helper = dice.pick([adult, friend]);
  return {
    roles: { helper },
    paragraphs: [
      dice.pick([
        `У {hero gen} {был thing} {look thing}. Утром {hero} {взял hero} {look thing acc} и {пошёл hero} ${place.to}. Там {он hero} долго {играл hero} и {оставил hero} {thing acc} ${spot}.`,
        `Однажды {hero} {был hero} ${place.at} с {look thing ins}. {Он hero} {сел hero} ${spot}, {положил hero} {thing acc} рядом и {забыл hero} {его thing} там.`,
      ]),
      `Вечером {hero} {хотел hero} взять {thing acc}, но не {нашёл hero}. {Он hero} {искал hero} ${first} и ${second}. {Thing} {пропал thing}! ` +
      speech(`Где {мой thing} {thing}?`, "hero") + " " +
      dice.pick([
        `{hero} {заплакал hero}.`,
        `{hero} {был hero} очень {расстроен hero}.`,
      ]),
      speech(`Вспомни, где ты {был hero}.`, "helper") + " " +
      speech(`Я {был hero} ${place.at}.`, "hero") +
      ` Они вместе пошли ${place.to}. {Look thing} {лежал thing} ${spot}! ` +
      dice.pick([
        `{hero} {обрадовался hero} и {обнял hero} {helper acc}.`,
        speech("Спасибо тебе!", "hero"),
        `Больше {hero} никогда не {забывал hero} {thing acc} ${spot}.`,
      ]),
    ],
  };
}

/** How a present may look. */
const PRESENTABLE = LOOKS.filter((look) => look !== adjective("старый"));

/** Подарок: a thing is bought or made for a birthday. */
export function present({ dice }: Scene): SceneText {
  const look = dice.pick(PRESENTABLE);
  const where = dice.pick(["в магазин", "на рынок", "в город"]);
  return {
    roles: { look },
    paragraphs: [
      dice.pick([
        `Завтра у {friend gen} день рождения. {hero} {думал hero}, что подарить.`,
        `{friend} {позвал friend} {hero acc} на день рождения. {hero} {хотел hero} принести подарок.`,
      ]) +
      ` {Он hero} {знал hero}, что у {friend gen} нет {look thing gen}. ` +
      speech(`Я подарю {friend dat} {look thing acc}.`, "hero"),
      `{hero} и {adult} пошли ${where}. Там они увидели {look thing acc}. ` +
      dice.pick([
        `{Adult} {купил adult} {thing acc} и {отдал adult} {hero dat}.`,
        `{hero} {отдал hero} за {thing acc} все свои деньги.`,
      ]),
      `На другой день {hero} {пришёл hero} к {friend dat} с {look thing ins}. ` +
      `{friend} {открыл friend} коробку и {увидел friend} {thing acc}. ` +
      speech(dice.pick(["Какой хороший подарок!", `Я так {рад friend}!`]), "friend") + " " +
      dice.pick([
        `{Он friend} весь день {играл friend} с {look thing ins}.`,
        `{hero} тоже {был hero} {рад hero}.`,
        `С тех пор у {friend gen} есть {look thing}.`,
      ]),
    ],
  };
}

/** Обмен: two things are swapped. */
export function swap({ dice, place, roles: { hero, friend, thing, look } }: Scene): SceneText {
  const other = dice.pick(BELONGINGS.filter((noun) => noun !== thing));
  const friendLook = dice.pick(LOOKS.filter((adjective) => adjective !== look));
  const Both = both(hero, friend);
  return {
    roles: { other, friendLook },
    paragraphs: [
      `У {hero gen} {был thing} {look thing}, а у {friend gen} {был other} {friendLook other}. Они встретились ${place.at}.`,
      speech(`Дай мне {other acc}, а я дам тебе {thing acc}.`, "hero") + " " +
      dice.pick([
        `{friend} {согласился friend}.`,
        speech("Давай!", "friend"),
      ]) +
      ` Теперь у {hero gen} {был other} {friendLook other}, а у {friend gen} {был thing} {look thing}.`,
      dice.pick([
        `Вечером {hero} {показал hero} {friendLook other acc} {adult dat}. ` +
        speech(`А где {look thing}?`, "adult") + " " +
        speech(`{Thing} теперь у {friend gen}.`, "hero"),
        `Дома {hero} долго {играл hero} с {friendLook other ins}. А {friend} {играл friend} с {look thing ins}. ${Both} были довольны.`,
        `Но ночью {hero} {вспомнил hero} про {look thing acc} и {заплакал hero}. Утром {friend} {отдал friend} {thing acc} обратно, а {hero} {вернул hero} {other acc}.`,
      ]),
    ],
  };
}

/** Счёт: things are found, given, and counted. */
export function sum({ dice, place }: Scene): SceneText {
  const first = dice.between(2, 6);
  const more = dice.between(2, 10 - first);
  const total = first + more;
  const given = dice.between(2, total - 2);
  const left = total - given;
  return {
    paragraphs: [
      dice.pick([
        `У {hero gen} было {${first} goods}. {friend} {дал friend} {ему hero} ещё ${more}.`,
        `{hero} {пошёл hero} ${place.to} и {нашёл hero} там {${first} goods}. Потом {он hero} {нашёл hero} ещё ${more}.`,
      ]) + ` Теперь у {hero gen} {${total} goods}.`,
      dice.pick([
        `По дороге домой {hero} {встретил hero} {friend acc} и {отдал hero} {ему friend} {${given} goods}.`,
        `Дома {hero} {отдал hero} {adult dat} {${given} goods}.`,
        `Потом {hero} {потерял hero} {${given} goods}.`,
      ]) + ` Осталось {${left} goods}.`,
      speech("Сколько у тебя осталось?", "adult") + " " +
      speech(`У меня {${left} goods}.`, "hero") + " " +
      dice.pick([
        `{Adult} {посчитал adult}: ${total} - ${given} = ${left}. Всё верно!`,
        speech("А сколько было сначала?", "adult") + " " + speech(`Сначала было ${first}.`, "hero"),
        speech("А сколько было у тебя раньше?", "adult") + " " + speech(`Было ${total}.`, "hero"),
      ]),
    ],
  };
}
