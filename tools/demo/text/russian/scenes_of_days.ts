// Scenes of a day: rain, winter, the kitchen, the garden, a visit, the evening.

import { adjective, LOOKS } from "./adjectives.ts";
import { speech } from "./inflect.ts";
import { BELONGINGS, DISHES, FAMILY, PLANTS } from "./nouns.ts";
import type { Scene, SceneText } from "./scene.ts";

/** What a snowman can wear on his head or neck. */
const SNOWMAN_CLOTHES = BELONGINGS.filter(({ nominative }) =>
  ["шарф", "шапка", "ведро"].includes(nominative)
);

/** Дождь: somebody gets wet, because the umbrella stayed at home, and dries. */
export function rain({ dice, place }: Scene): SceneText {
  const isWarned = dice.chance(0.5);
  const drink = dice.pick(["горячий чай", "тёплое молоко", "горячий суп", "сладкое какао"]);
  return {
    paragraphs: [
      (isWarned
        ? `Утром небо было серое. {Adult} {сказал adult}: «Возьми зонт». Но {hero} не {послушал hero} и {пошёл hero} ${place.to} без зонта.`
        : `Светило солнце, и {hero} {оставил hero} зонт дома. {Он hero} {пошёл hero} ${place.to}.`) +
      ` Там {он hero} {играл hero} с {friend ins}.`,
      `Вдруг пошёл сильный дождь. {hero} {побежал hero} домой, но всё равно {промок hero}. Куртка была мокрая, и ботинки были мокрые. ` +
      dice.pick([
        `{Он hero} {дрожал hero} от холода.`,
        `{friend} тоже {промок friend}.`,
        `Вода текла по лицу.`,
      ]),
      `Дома {hero} {снял hero} куртку и {сел hero} у печки. {Adult} {дал adult} {ему hero} ${drink}. Скоро куртка высохла, и {hero} {согрелся hero}. ` +
      dice.pick([
        speech("Теперь я всегда буду брать зонт.", "hero"),
        `На другой день {он hero} {взял hero} зонт.`,
        isWarned
          ? speech(`Я же {говорил adult}: возьми зонт.`, "adult")
          : speech("Надо было взять зонт.", "adult"),
      ]),
    ],
  };
}

/** Зима: a snowman is built and gets what a friend brings. */
export function winter({ dice }: Scene): SceneText {
  const clothes = dice.pick(SNOWMAN_CLOTHES);
  const nose = dice.pick(["морковка", "шишка", "картошка"]);
  return {
    roles: { clothes },
    paragraphs: [
      dice.pick([
        `Пришла зима. Ночью выпал снег, и утром всё было белое.`,
        `Был холодный зимний день. Всю ночь шёл снег.`,
      ]) + ` {hero} и {friend} вышли во двор лепить снеговика.`,
      `{hero} {сделал hero} большой ком, а {friend} {сделал friend} маленький. Носом стала ${nose}. ` +
      speech(`Я принесу снеговику {look clothes acc}.`, "friend") +
      ` {friend} {принёс friend} {clothes acc}, и снеговик стал очень красивым.`,
      dice.pick([
        `{hero} {замёрз hero}, и {adult} {позвал adult} всех пить чай.`,
        `{Adult} {вышел adult} посмотреть. ` +
        speech("Какой хороший снеговик!", "adult"),
      ]) + " " + dice.pick([
        `Потом пришла весна, и снеговик растаял. Остались только ${nose} и {look clothes}.`,
        `Вечером {hero} {смотрел hero} в окно. Снеговик стоял во дворе, и {look clothes} {был clothes} в снегу.`,
      ]),
    ],
  };
}

/** Кухня: something is cooked, one thing is missing, and a friend has it. */
export function kitchen({ dice }: Scene): SceneText {
  const dish = dice.pick(DISHES);
  const missing = dice.pick(dish.needs);
  const { genitive: none, accusative: some } = missing;
  return {
    roles: { dish },
    paragraphs: [
      dice.pick([
        `{hero} и {adult} решили ${dish.cook} {dish acc}.`,
        `{Adult} {сказал adult}: «Сегодня мы будем готовить {dish acc}». {hero} {обрадовался hero}.`,
      ]) + ` Но дома не было ${none}. ` + speech(`Где взять ${some}?`, "hero"),
      `{hero} {пошёл hero} к {friend dat}. ` +
      speech(`У тебя есть ${missing.nominative}?`, "hero") +
      ` {friend} {дал friend} {ему hero} ${some}. ` +
      speech("Спасибо!", "hero"),
      `Скоро {dish} {был dish} {готов dish}. {hero} {позвал hero} {friend acc}, и они вместе ели {вкусный dish acc} {dish acc}. ` +
      dice.pick([
        speech(`Кто ${dish.cooked} {такой dish acc} {вкусный dish acc} {dish acc}?`, "friend") +
        " " +
        speech(`Мы с {adult ins}.`, "hero"),
        `{Он dish} всем {понравился dish}.`,
        `{friend} {съел friend} больше всех, потому что без {friend gen} не было бы ${none}.`,
      ]),
    ],
  };
}

/** Сад: a seed is planted, nobody believes in it, and it grows. */
export function garden({ dice, place }: Scene): SceneText {
  const plant = dice.pick(PLANTS);
  const look = dice.pick([adjective("большой"), adjective("красивый")]);
  const days = dice.between(5, 10);
  const time = dice.pick(["Шло время, и наконец", "Прошёл год, и", "Росток рос и рос, и вот"]);
  const where = dice.pick(["у забора", "под окном", "за домом", "около калитки"]);
  return {
    roles: { plant, look },
    paragraphs: [
      dice.pick([
        `Весной {adult} {дал adult} {hero dat} семечко.`,
        `Весной {hero} {нашёл hero} ${place.at} семечко.`,
      ]) + ` {hero} {посадил hero} его ${where} и каждый день {поливал hero}. ` +
      speech("Ничего не вырастет.", "friend"),
      `Прошло ${days} дней. {hero} {пришёл hero} утром и {увидел hero} зелёный росток. ` +
      dice.pick([
        `{Он hero} {обрадовался hero} и {позвал hero} {adult acc}.`,
        speech("Смотрите, он растёт!", "hero"),
      ]),
      `${time} ${where} {вырос plant} {look plant}. ` + dice.pick([
        `{friend} {посмотрел friend} на {plant acc} и {сказал friend}: «Я {был friend} не {прав friend}».`,
        `{Adult} {похвалил adult} {hero acc}.`,
        `{hero} {показал hero} {plant acc} {friend dat}. ` +
        speech("Как красиво!", "friend"),
      ]),
    ],
  };
}

/** Who may live somewhere else. */
const HOSTS = FAMILY.filter(({ nominative }) => nominative !== "мама" && nominative !== "папа");

/** Поездка: a visit, from which a present is brought home. */
export function visit({ dice, roles: { animal, goods } }: Scene): SceneText {
  const adult = dice.pick(HOSTS);
  const ride = dice.pick(["на поезде", "на автобусе", "на машине", "на пароходе"]);
  const number = dice.between(3, 9);
  const season = dice.pick(["Летом", "Весной", "Осенью"]);
  const time = dice.pick(["весь день", "всё утро", "два часа", "три часа"]);
  return {
    roles: { adult },
    paragraphs: [
      `${season} {hero} {поехал hero} в деревню. Там {жил adult} {adult}. {hero} {ехал hero} ${ride} ${time}.`,
      `У {adult gen} {был animal} {animalLook animal}. Каждое утро {hero} {давал hero} {animal dat} ${animal.food}. Потом {он hero} {собирал hero} ${goods.plural} и {нашёл hero} {${number} goods}.`,
      `Когда {hero} {уезжал hero}, {adult} {подарил adult} {ему hero} {look thing acc}. Дома {friend} {спросил friend}: «Откуда у тебя {look thing}?» ` +
      speech(`Это {подарил adult} {adult}.`, "hero") + " " + dice.pick([
        `А ещё {hero} {рассказал hero} про {animal acc} и про ${goods.plural}.`,
        speech(`А кто живёт у {adult gen}?`, "friend") + " " +
        speech(`Там живёт {animalLook animal}.`, "hero"),
        speech(`Сколько ты {нашёл hero}?`, "friend") + " " +
        speech(`Я {нашёл hero} {${number} goods}.`, "hero"),
      ]),
    ],
  };
}

/** Вечер: a tale is told, and dreamed. */
export function evening({ dice, place, roles: { animal } }: Scene): SceneText {
  const look = dice.pick(LOOKS);
  return {
    roles: { look },
    paragraphs: [
      dice.pick([
        `Был поздний вечер. {hero} {лежал hero} в кровати, но не {хотел hero} спать.`,
        `Вечером {hero} {попросил hero}: «Расскажи мне сказку».`,
      ]) +
      ` {Adult} {сел adult} рядом и {начал adult} рассказывать сказку о {animalLook animal loc}.`,
      `«{Жил animal}-{был animal} {animalLook animal}. Однажды {он animal} {пошёл animal} ${place.to} и {нашёл animal} {look thing acc}. {Animal} {взял animal} {thing acc} домой. Там {он animal} {съел animal} ${animal.food} и {лёг animal} спать».`,
      dice.pick([
        `{hero} {закрыл hero} глаза и {уснул hero}. Всю ночь {ему hero} снились {animal} и {look thing}.`,
        speech(`А что {нашёл animal} {animal}?`, "adult") + " " +
        speech(`{Look thing acc}.`, "hero") +
        ` Потом {hero} {уснул hero}.`,
        `Утром {hero} {нарисовал hero} {animalLook animal acc}. Рядом {лежал thing} {look thing}.`,
      ]),
    ],
  };
}
